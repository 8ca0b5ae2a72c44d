"""From a WHIP offer to what is agreed upon (RFC 3264, 9429, 9143, 9725). Pure.

A media section that sends is received, or the whole offer is refused: RFC 9725 has no partial success. What a
publisher does not send (inactive and recvonly sections) is kept inactive; what ingest has no use for (a data
channel, a section of port 0) is rejected in the answer and stands in nobody's way. What is received stands in
capabilities.py.
"""

import re
from collections import Counter
from collections.abc import Sequence

from argusd.scheduler.contract.errors import BadOffer, OfferNotSending, TooManyTracks, UnsupportedCodec
from argusd.scheduler.contract.media import TrackKind

from ..decoding.picture_limit import PictureLimit
from . import sdp
from .agreement import AgreedSection, Agreement
from .capabilities import CODECS
from .media_formats import agreed_codecs, agreed_extensions, codec_names
from .remote_transport import read_transport
from .sdp import Description, Section
from .simulcast import agreed_layers

MAX_OFFER_BYTES = 64 << 10
MAX_SECTIONS = 32  # a publisher needs two; the answer has as many, so this bounds it
DIRECTIONS = ("sendonly", "sendrecv", "recvonly", "inactive")
# RTP over DTLS-SRTP (RFC 5764 section 8, 7850). What promises no DTLS, as RTP/AVP and RTP/SAVPF, is refused.
PROTOCOL = re.compile(r"(?:UDP|TCP)/D?TLS/RTP/SAVPF?")


def negotiate(offer_sdp: str, limit: PictureLimit | None = None) -> Agreement:
    """Decide what an offer's answer says; ``limit``: of the pictures, for the sender to keep to.

    Raises:
        BadOffer, OfferNotSending, TooManyTracks, UnsupportedCodec: see these.
    """
    if len(offer_sdp.encode(errors="replace")) > MAX_OFFER_BYTES:
        raise BadOffer(f"the offer is longer than {MAX_OFFER_BYTES} bytes")
    offer = sdp.parse(offer_sdp)
    if len(offer.sections) > MAX_SECTIONS:
        raise BadOffer(f"the offer has more than {MAX_SECTIONS} media sections")
    sending = sending_sections(offer)
    bundle = find_bundle(offer, sending)
    senders = {section.position for section in sending}
    sections = tuple(
        _agree(offer, section, bundle, limit, sends=section.position in senders) for section in offer.sections
    )
    _check_payload_types(sections)
    tagged, suggested = _tagged(sections, bundle)
    transport = read_transport(offer.attributes, tagged, suggested)
    for section in sending:  # what it tells of its own transport must be good, though the bundle's is used
        read_transport(offer.attributes, section, tagged, suggested)
    return Agreement(sections, tagged.position, transport)


def stream_kind(section: Section) -> TrackKind | None:
    """The kind of media of a section, None where it is of no use here."""
    return "video" if section.kind == "video" else "audio" if section.kind == "audio" else None


def direction(offer: Description, section: Section) -> str:
    """A section's direction, which the session may give for all (RFC 8866 section 6.7)."""
    for attributes in (section.attributes, offer.attributes):
        for each in DIRECTIONS:
            if each in attributes:
                return each
    return "sendrecv"


def is_offered(section: Section) -> bool:
    """Whether a section is there: port 0 rejects it, unless it is only bundled (RFC 9143 section 6)."""
    return section.port > 0 or "bundle-only" in section.attributes


def is_contradictory(offer: Description, section: Section) -> bool:
    """Whether a section of port 0 is to be sent, or bundled: it is neither there nor absent."""
    groups = (group.split() for group in offer.attributes.get("group", ()))
    bundled = any(section.mid in members for semantics, *members in groups if semantics == "BUNDLE")
    sends = any(each in section.attributes for each in ("sendonly", "sendrecv"))
    return not is_offered(section) and (sends or bundled)


def sending_sections(offer: Description) -> list[Section]:
    """The sections whose media the publisher sends, at most one a kind.

    Raises:
        BadOffer: there is no media section.
        OfferNotSending: none sends.
        TooManyTracks: more than one of a kind does.
    """
    media = [section for section in offer.sections if stream_kind(section) and is_offered(section)]
    if not media:
        raise BadOffer("the offer has no audio or video section (an m= line whose port is not 0)")
    for section in offer.sections:
        if stream_kind(section) and is_contradictory(offer, section):
            raise BadOffer(f"{section.name} has port 0, but is to be sent; it needs a port or a=bundle-only")
    sending = [section for section in media if direction(offer, section).startswith("send")]
    if not sending:
        told = ", ".join(f"{section.name} is {direction(offer, section)}" for section in media[:4])
        raise OfferNotSending(f"{told}; a publisher sends (a=sendonly)")
    for kind in ("audio", "video"):
        names = [section.name for section in sending if section.kind == kind]
        if len(names) > 1:
            raise TooManyTracks(f"{names[0]} and {names[1]} both send; one track a kind is accepted")
    return sending


def find_bundle(offer: Description, sending: Sequence[Section]) -> tuple[str, ...]:
    """The mids of the BUNDLE group that all sending sections are in; empty where a single one needs none.

    Raises:
        BadOffer: they are not in one group, or mids are not unique.
    """
    counts = Counter(section.mid for section in offer.sections if section.mid)
    if repeated := [section.name for section in offer.sections if counts[section.mid] > 1]:
        raise BadOffer(f"{repeated[0]} and {repeated[1]} have the same a=mid; each needs its own")
    for group in offer.attributes.get("group", ()):
        semantics, *members = (*group.split(), "")
        if semantics == "BUNDLE" and all(section.mid and section.mid in members for section in sending):
            return tuple(members)
    if len(sending) > 1:
        names = " and ".join(section.name for section in sending)
        raise BadOffer(f"{names} must be in one BUNDLE group: a=group:BUNDLE with the a=mid of each")
    return ()


def _agree(
    offer: Description, section: Section, bundle: Sequence[str], limit: PictureLimit | None, *, sends: bool
) -> AgreedSection:
    kind = stream_kind(section)
    bundled = section.mid != "" and section.mid in bundle
    if kind is None or not is_offered(section) or not (sends or bundled):
        return AgreedSection(section, "rejected")
    codecs = agreed_codecs(kind, section, limit) if PROTOCOL.fullmatch(section.protocol) else ()
    if sends and not codecs:
        raise _unusable(kind, section)
    if not codecs:
        return AgreedSection(section, "rejected")
    extensions = agreed_extensions(kind, offer.attributes, section)
    payload_types = [codec.payload_type for codec in codecs]
    layers = agreed_layers(section.attributes, payload_types, [each.uri for each in extensions])
    return AgreedSection(section, "recvonly" if sends else "inactive", bundled, codecs, extensions, layers)


def _unusable(kind: TrackKind, section: Section) -> BadOffer | UnsupportedCodec:
    if not PROTOCOL.fullmatch(section.protocol):
        return BadOffer(f"the protocol of {section.name} must be UDP/TLS/RTP/SAVPF")
    accepted = ", ".join(codec.label for codec in CODECS if codec.kind == kind)
    return UnsupportedCodec(f"{section.name} offers {codec_names(section)}; accepted are {accepted}")


def _check_payload_types(sections: Sequence[AgreedSection]) -> None:
    # Packets are told apart by their payload types, so each may mean one thing (RFC 9143 section 9.1).
    meaning: dict[int, Section] = {}
    for section in sections:
        if section.direction != "recvonly":
            continue
        for codec in section.codecs:
            other = meaning.setdefault(codec.payload_type, section.offered)
            if other is not section.offered:
                raise BadOffer(
                    f"{other.name} and {section.offered.name} both use payload type {codec.payload_type}"
                )


def _tagged(sections: Sequence[AgreedSection], bundle: Sequence[str]) -> tuple[Section, Section]:
    """The section whose transport is used, and the one that the offer suggests (RFC 9143 section 7.3.1).

    They differ where the suggested one is rejected; what the other one lacks is inherited from it.
    """
    by_mid = {section.offered.mid: section for section in sections}
    members = [by_mid[mid] for mid in bundle if mid in by_mid] or [
        section for section in sections if section.direction == "recvonly"
    ]
    accepted = next(section for section in members if section.direction != "rejected")
    return accepted.offered, members[0].offered
