"""FFmpeg's WHIP muxer: no ``a=rtcp``, ``setup:passive``, and as good as no ICE."""

import datetime
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ..live_daemon import Daemon
from .program import found_and_ended, lost, publishing
from .watch import watching

pytestmark = [pytest.mark.slow, pytest.mark.weights, pytest.mark.timeout(300)]


@pytest.fixture
def identity(tmp_path: Path) -> tuple[str, str]:
    """A certificate on P-256 and its key, as every WebRTC stack takes them (RFC 8827, section 6.5)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ffmpeg")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    certificate = builder.not_valid_before(now - day).not_valid_after(now + day).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    (tmp_path / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    plain = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    return str(tmp_path / "certificate.pem"), str(tmp_path / "key.pem")


async def test_what_it_publishes_is_found_until_it_says_goodbye(
    daemon: Daemon, clip: Path, identity: tuple[str, str]
) -> None:
    async with (
        watching(daemon, "ffmpeg") as watch,
        publishing(*command(watch.whip, clip, *identity)) as peer,
    ):
        await found_and_ended(watch, peer)


async def test_its_loss_is_noticed(daemon: Daemon, clip: Path, identity: tuple[str, str]) -> None:
    async with (
        watching(daemon, "ffmpeg-lost") as watch,
        publishing(*command(watch.whip, clip, *identity)) as peer,
    ):
        await lost(watch, peer)


async def test_the_certificate_that_gnutls_makes_for_it_is_told_of(daemon: Daemon, clip: Path) -> None:
    """It is on P-224, which OpenSSL 4 has no more: FFmpeg needs another one, or OpenSSL itself."""
    async with watching(daemon, "ffmpeg-p224") as watch, publishing(*command(watch.whip, clip)):
        assert (await watch.event("closed")).data["reason"] == "dtls_failed"


def command(endpoint: str, clip: Path, *identity: str) -> tuple[str, ...]:
    return (sys.executable, "ffmpeg_publisher.py", endpoint, str(clip), *identity)
