"""Text that strangers and operators write: offers, fragments of them, configuration."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from argusd.api.sessions.ice_session import fragment_ufrags
from argusd.daemon.config import resolve
from argusd.daemon.errors import ConfigInvalid
from argusd.daemon.settings.sources import FILE_VARIABLE
from argusd.scheduler.contract.errors import ServiceError

from ..ingest.offers.test_answer import answer_to
from ..ingest.offers.test_negotiation import PRINTED
from ..ingest.offers.test_offer_fuzz import check_answer
from .target import fuzzes


@contextlib.contextmanager
def refused_as_bad() -> Iterator[None]:
    """The sender's mistake, and told so."""
    try:
        yield
    except ServiceError as error:
        if error.status >= 500:
            raise


@fuzzes("sdp", lambda: [offer.encode() for offer in PRINTED.values()])
def sdp(data: bytes) -> None:
    offer = data.decode(errors="replace")
    with refused_as_bad():
        check_answer(offer, answer_to(offer))


FRAGMENT = b"""a=ice-ufrag:abcd
a=ice-pwd:efghijklmnopqrstuvwxyz
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
a=candidate:1 1 udp 2113937151 192.0.2.7 51001 typ host
a=end-of-candidates
"""


@fuzzes("sdpfrag", lambda: [FRAGMENT, FRAGMENT.replace(b"\n", b"\r\n")])
def sdpfrag(data: bytes) -> None:
    with refused_as_bad():
        assert fragment_ufrags(data.decode(errors="replace"))


CONFIG = b"""
state_dir = "state"
ingest_workers = 2
log_level = "info"

[api]
port = 8015
host = "127.0.0.1"
tokens = [{ secret = "0123456789abcdef0123456789abcdef", session_prefix = "a" }]

[ingest]
ice_addresses = ["127.0.0.1"]
udp_ports = "10000-10100"
advertised_addresses = ["192.0.2.1"]
arena_mib = 64

[scheduler]
count = 1
device = "auto"
roles = { vad = "silero_vad" }
"""
FOLDER = tempfile.TemporaryDirectory()


@fuzzes("config", lambda: [CONFIG])
def config(data: bytes) -> None:
    file = Path(FOLDER.name) / "argusd.toml"
    file.write_bytes(data)
    with contextlib.suppress(ConfigInvalid):
        resolve({FILE_VARIABLE: str(file)})
