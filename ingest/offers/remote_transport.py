"""What an offer says of the sender's ICE and DTLS (RFC 8839, 8842, 8122, 5761). Pure."""

import ipaddress
import re
from collections.abc import Sequence

from argusd.scheduler.contract.errors import BadOffer

from .agreement import DtlsRole, Fingerprint, RemoteCandidate, RemoteTransport
from .sdp import Attributes, Section

MAX_CANDIDATES = 16  # of each protocol
# The lengths of RFC 8839 section 5.4: guessing shorter ones is too easy. Senders use other signs than it has.
ICE_TOKEN = re.compile(r"[!-~]{4,256}")
LEAST_LENGTH = {"ice-ufrag": 4, "ice-pwd": 22}
CANDIDATE_TYPES = ("host", "srflx", "relay")
RTP_COMPONENT = "1"
PROTOCOLS = ("udp", "tcp")
# Our role by the sender's a=setup (RFC 8842 section 5.3): we are the client wherever we may choose.
DTLS_ROLES: dict[str, DtlsRole] = {"actpass": "client", "passive": "client", "active": "server"}
STRONG_HASHES = ("sha-256", "sha-384", "sha-512")  # the strongest last


def read_transport(session: Attributes, section: Section, *others: Section) -> RemoteTransport:
    """The transport of a section.

    An attribute that it lacks is that of the first of the ``others`` of its bundle that has it, else the
    session's.

    Raises:
        BadOffer: something is missing, or is nothing we can work with.
    """
    levels = (section.attributes, *(each.attributes for each in others), session)
    if not (_values(levels, "rtcp-mux") or _values(levels, "rtcp-mux-only")):
        raise BadOffer(f"{section.name} lacks a=rtcp-mux")
    return RemoteTransport(
        ufrag=_read_token(section, levels, "ice-ufrag"),
        password=_read_token(section, levels, "ice-pwd"),
        lite="ice-lite" in session,
        trickle="trickle" in _read_ice_options(levels),
        candidates=read_candidates(_values(levels, "candidate")),
        fingerprints=_read_fingerprints(section, levels),
        dtls_role=_read_role(section, levels),
    )


def _values(levels: Sequence[Attributes], name: str) -> Sequence[str]:
    """An attribute's values in the first of the levels that has it."""
    return next((attributes[name] for attributes in levels if name in attributes), ())


def _read_token(section: Section, levels: Sequence[Attributes], name: str) -> str:
    value = next(iter(_values(levels, name)), "")
    if not ICE_TOKEN.fullmatch(value) or len(value) < LEAST_LENGTH[name]:
        length = f"{LEAST_LENGTH[name]} to 256"
        raise BadOffer(f"{section.name} lacks a={name}, or it is not {length} printable characters")
    return value


def _read_ice_options(levels: Sequence[Attributes]) -> list[str]:
    return " ".join(_values(levels, "ice-options")).replace(",", " ").split()  # libdatachannel writes commas


def _read_fingerprints(section: Section, levels: Sequence[Attributes]) -> tuple[Fingerprint, ...]:
    found = []
    for value in _values(levels, "fingerprint"):
        algorithm, digest, *_ = (*value.split(), "", "")
        if algorithm.lower() in STRONG_HASHES and digest:
            found.append(Fingerprint(algorithm.lower(), digest.upper()))
    if not found:
        accepted = ", ".join(STRONG_HASHES)
        raise BadOffer(f"{section.name} lacks an a=fingerprint by one of {accepted}")
    return tuple(found)


def _read_role(section: Section, levels: Sequence[Attributes]) -> DtlsRole:
    setup = next(iter(_values(levels, "setup")), "").lower()
    if setup not in DTLS_ROLES:
        raise BadOffer(f"{section.name} needs an a=setup of {', '.join(DTLS_ROLES)}")
    return DTLS_ROLES[setup]


def read_candidates(values: Sequence[str]) -> tuple[RemoteCandidate, ...]:
    """The candidates that can be used, at most ``MAX_CANDIDATES`` of each protocol.

    Others are passed over: names (they would have to be looked up, and the sender's checks find us anyway),
    and whatever is not as in RFC 8839 section 5.1.
    """
    candidates = [candidate for value in values if (candidate := _read_candidate(value))]
    udp, tcp = ([each for each in candidates if each.protocol == protocol] for protocol in PROTOCOLS)
    return (*udp[:MAX_CANDIDATES], *tcp[:MAX_CANDIDATES])


def _read_candidate(value: str) -> RemoteCandidate | None:
    foundation, component, protocol, priority, address, port, typ, kind, *more = (*value.split(), *8 * [""])
    extensions = dict(zip(more[::2], more[1::2], strict=False))
    numbers = re.fullmatch(r"([0-9]{1,10}) ([0-9]{1,5})", f"{priority} {port}")
    wanted = (component, typ) == (RTP_COMPONENT, "typ") and kind in CANDIDATE_TYPES
    if not (wanted and numbers and protocol.lower() in PROTOCOLS and is_reachable(address)):
        return None
    if not (int(priority) < 1 << 32 and 0 < int(port) < 1 << 16):
        return None
    tcp_type = extensions.get("tcptype", "")
    return RemoteCandidate(foundation, protocol.lower(), int(priority), address, int(port), kind, tcp_type)


def is_reachable(text: str) -> bool:
    """Whether this is the address of one host, as it may be written to a socket without more."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and (address.scope_id or address.is_link_local):
        return False  # would need an interface of ours
    return not (address.is_multicast or address.is_unspecified or text == "255.255.255.255")
