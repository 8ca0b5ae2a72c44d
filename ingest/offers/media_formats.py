"""The payload types of an offered media section, and which of them are agreed upon. Pure."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from argusd.scheduler.contract.media import TrackKind

from ..decoding.picture_limit import PictureLimit
from .agreement import AgreedCodec, Extension, Payload
from .capabilities import CODECS, EXTENSIONS, FEEDBACK, Codec
from .sdp import Attributes, Section

RTX = "rtx"
ENCODING = re.compile(r"(?P<name>[!-.0-~]{1,64})/(?P<clock_rate>[0-9]{1,9})(?:/[0-9]{1,3})?")
PRINTABLE = re.compile(r"[A-Za-z0-9._+-]{1,24}")
NUMBER = re.compile(r"0|[1-9][0-9]{0,2}")
# Next to RTCP on one port these would look like RTCP (RFC 5761 section 4).
TAKEN_BY_RTCP = range(64, 96)
EXTENSION_IDS = frozenset(range(1, 256)) - {15}  # RFC 8285 sections 4.2, 4.3


class OfferedCodec(NamedTuple):
    """A payload type of an offer: ``encoding`` as its a=rtpmap has it, ``name`` in lower case."""

    payload_type: int
    encoding: str
    name: str
    clock_rate: int
    parameters: Mapping[str, str]


def offered_codecs(section: Section) -> list[OfferedCodec]:
    """The payload types of a section that say what they carry, in the order of its m= line."""
    encodings = by_payload_type(section.attributes, "rtpmap")
    formats = by_payload_type(section.attributes, "fmtp")
    codecs = []
    for payload_type in map(payload_number, dict.fromkeys(section.formats)):
        encoding = encodings.get(payload_type, [""])[0]
        match = ENCODING.fullmatch(encoding)
        if payload_type >= 0 and match:
            parameters = read_parameters(";".join(formats.get(payload_type, ())))
            name, clock_rate = match["name"].lower(), int(match["clock_rate"])
            codecs.append(OfferedCodec(payload_type, encoding, name, clock_rate, parameters))
    return codecs


def payload_number(text: str) -> int:
    """A payload type's number, -1 where it is none that may be used."""
    number = int(text) if NUMBER.fullmatch(text) else -1
    return number if number < 128 and number not in TAKEN_BY_RTCP else -1


def by_payload_type(attributes: Attributes, name: str) -> dict[int, list[str]]:
    """The values of an attribute that begins with a payload type."""
    values: dict[int, list[str]] = {}
    for value in attributes.get(name, ()):
        number, rest, *_ = (*value.split(None, 1), "", "")
        values.setdefault(payload_number(number), []).append(rest)
    return values


def read_parameters(text: str) -> dict[str, str]:
    """Format parameters from ``name=value;name=value``."""
    pairs = (each.partition("=") for each in text.split(";"))
    return {name.strip().lower(): value.strip() for name, equals, value in pairs if equals}


def agreed_codecs(
    kind: TrackKind, section: Section, limit: PictureLimit | None = None
) -> tuple[AgreedCodec, ...]:
    """What of a section's codecs is received, what we prefer first; the retransmissions of these follow.

    ``limit``: of its pictures; the answer says so where the codec has words for it.
    """
    offered = offered_codecs(section)
    ranked = [(codec, each) for each in offered if (codec := capability(kind, each))]
    ranked.sort(key=lambda pair: pair[0].rank)
    primary = [
        AgreedCodec(
            each.payload_type,
            each.encoding,
            answered_parameters(codec, each.parameters, limit),
            agreed_feedback(kind, section, each.payload_type),
            Payload(codec.name, out_of_band=codec.out_of_band(each.parameters)),
        )
        for codec, each in ranked
    ]
    retransmitted = agreed_retransmissions(offered, primary) if kind == "video" else []
    return (*primary, *retransmitted)


def answered_parameters(
    codec: Codec, offered: Mapping[str, str], limit: PictureLimit | None
) -> dict[str, str]:
    """The format parameters of the answer: what is repeated, and what is ours to say."""
    repeated = {name: offered[name] for name in codec.echoed if name in offered}
    return repeated | (codec.limits(repeated, limit) if limit is not None else {})


def capability(kind: TrackKind, offered: OfferedCodec) -> Codec | None:
    """The codec of ours that an offered one is."""
    for codec in CODECS:
        if (codec.kind, codec.name, codec.clock_rate) == (kind, offered.name, offered.clock_rate):
            return codec if codec.takes(offered.parameters) else None
    return None


def agreed_retransmissions(offered: list[OfferedCodec], primary: list[AgreedCodec]) -> list[AgreedCodec]:
    """The rtx payload types (RFC 4588) whose original is agreed upon."""
    payloads = {codec.payload_type: codec.payload for codec in primary}
    agreed = []
    for each in offered:
        original = payload_number(each.parameters.get("apt", ""))
        if each.name == RTX and original in payloads:
            payload = payloads[original]._replace(original=original)
            parameters = {"apt": str(original)}
            agreed.append(AgreedCodec(each.payload_type, each.encoding, parameters, (), payload))
    return agreed


def agreed_feedback(kind: TrackKind, section: Section, payload_type: int) -> tuple[str, ...]:
    """The RTCP feedback (RFC 4585 section 4.2) that both sides know for a payload type."""
    offered = set()
    for value in section.attributes.get("rtcp-fb", ()):
        target, *feedback = value.split() or [""]
        if target == "*" or payload_number(target) == payload_type:
            offered.add(" ".join(feedback))
    return tuple(each for each in FEEDBACK[kind] if each in offered)


def agreed_extensions(kind: TrackKind, session: Attributes, section: Section) -> tuple[Extension, ...]:
    """The header extensions (RFC 8285) that the sender sends and we read."""
    agreed: dict[str, Extension] = {}
    for value in (*section.attributes.get("extmap", ()), *session.get("extmap", ())):
        entry, uri, *_ = (*value.split(), "", "")
        number, _, direction = entry.partition("/")
        if uri not in EXTENSIONS[kind] or uri in agreed or direction in ("recvonly", "inactive"):
            continue
        taken = [extension.number for extension in agreed.values()]
        if NUMBER.fullmatch(number) and int(number) in EXTENSION_IDS and int(number) not in taken:
            agreed[uri] = Extension(int(number), "recvonly" if direction == "sendonly" else "", uri)
    return tuple(agreed.values())


def codec_names(section: Section) -> str:
    """The codecs that a section offers, for a sentence; of odd names nothing is repeated."""
    names = dict.fromkeys(codec.encoding.partition("/")[0] for codec in offered_codecs(section))
    return ", ".join([name for name in names if PRINTABLE.fullmatch(name)][:12]) or "no codec by name"
