"""WHIP offers and answers (RFC 9725, RFC 8829): what is accepted, and what is agreed upon. Pure."""

import ipaddress
from typing import NamedTuple

from aiortc.codecs import is_rtx
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription

from .errors import BadOffer, OfferNotSending, TooManyTracks, UnsupportedCodec
from .messages import StreamKind

MAX_OFFER_BYTES = 64 << 10
MAX_CANDIDATES = 16
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
SUPPORTED = {"video": ("video/vp8", "video/h264"), "audio": ("audio/opus",)}
# What aiortc's parser raises on malformed SDP; it has no error of its own.
MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    StopIteration,
    TypeError,
    ValueError,
)


class Payload(NamedTuple):
    """What a payload type carries: vp8, h264 or opus; ``original`` is set for its retransmission."""

    codec: str
    original: int | None = None


class Agreement(NamedTuple):
    """What an answer settles.

    ``abs_send_time`` is the id of that header extension, 0 when not agreed; ``ssrc`` is the one our feedback
    comes from.
    """

    kinds: list[StreamKind]
    payloads: dict[int, Payload]
    abs_send_time: int
    ssrc: int


def check_offer(sdp: str) -> str:
    """Check a WHIP offer; returns it with only what we negotiate left in it.

    Codecs other than VP8, H.264, Opus and their retransmission are taken out, and so are candidates that
    are not plain UDP addresses (a name would have to be looked up, and the sender's checks find us anyway).

    Raises:
        BadOffer, OfferNotSending, TooManyTracks, UnsupportedCodec: see these.
    """
    if len(sdp.encode(errors="replace")) > MAX_OFFER_BYTES:
        raise BadOffer(f"the offer is longer than {MAX_OFFER_BYTES} bytes")
    if not sdp.startswith("v=0"):
        raise BadOffer("the offer is not SDP")
    try:
        description = SessionDescription.parse(sdp)
    except MALFORMED as error:
        raise BadOffer("the offer is not valid SDP") from error
    if not description.media:
        raise BadOffer("the offer has no media section")
    kinds = [media.kind for media in description.media]
    if not set(kinds) <= set(SUPPORTED):
        raise BadOffer("only audio and video sections are accepted")
    if len(set(kinds)) < len(kinds):
        raise TooManyTracks("at most one audio and one video track are accepted")
    _check_bundle(description)
    for media in description.media:
        _check_transport(media)
        _keep_supported(media)
        _keep_addresses(media)
    try:
        return str(description)
    except MALFORMED as error:
        raise BadOffer("the offer is not valid SDP") from error


def _check_bundle(description: SessionDescription) -> None:
    mids = [media.rtp.muxId for media in description.media]
    bundle = next((group.items for group in description.group if group.semantic == "BUNDLE"), [])
    if not all(mids) or len(set(mids)) < len(mids):
        raise BadOffer("every media section needs its own a=mid")
    if (bundle or len(mids) > 1) and sorted(map(str, bundle)) != sorted(mids):
        raise BadOffer("all media sections must be in one BUNDLE group")


def _check_transport(media: MediaDescription) -> None:
    media.direction = media.direction or "sendrecv"
    if media.direction not in ("sendonly", "sendrecv"):
        raise OfferNotSending(f"the {media.kind} section is {media.direction}; a publisher sends")
    if not media.rtcp_mux:
        raise BadOffer(f"the {media.kind} section lacks a=rtcp-mux")
    if media.dtls is None or not media.dtls.fingerprints:
        raise BadOffer(f"the {media.kind} section lacks a=setup or a=fingerprint")
    if media.ice is None or not media.ice.usernameFragment or not media.ice.password:
        raise BadOffer(f"the {media.kind} section lacks a=ice-ufrag or a=ice-pwd")


def _keep_supported(media: MediaDescription) -> None:
    kept: list[RTCRtpCodecParameters] = [
        codec for codec in media.rtp.codecs if codec.mimeType.lower() in SUPPORTED[media.kind]
    ]
    if not kept:
        raise UnsupportedCodec(f"the {media.kind} section offers none of {', '.join(SUPPORTED[media.kind])}")
    types = [codec.payloadType for codec in kept]
    if media.kind == "video":
        kept += [c for c in media.rtp.codecs if is_rtx(c) and c.parameters.get("apt") in types]
    media.rtp.codecs = kept
    media.fmt = [codec.payloadType for codec in kept]


def _keep_addresses(media: MediaDescription) -> None:
    usable = [
        candidate
        for candidate in media.ice_candidates
        if candidate.protocol.lower() == "udp" and _is_address(candidate.ip)
    ]
    media.ice_candidates = usable[:MAX_CANDIDATES]
    # Never complete: ICE then waits for checks from addresses that the offer does not tell.
    media.ice_candidates_complete = False


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def read_answer(sdp: str) -> Agreement:
    """What was agreed, from our own answer."""
    description = SessionDescription.parse(sdp)
    payloads: dict[int, Payload] = {}
    abs_send_time = 0
    for media in description.media:
        payloads |= _payloads(media)
        for extension in media.rtp.headerExtensions:
            if extension.uri == ABS_SEND_TIME:
                abs_send_time = extension.id
    kinds: list[StreamKind] = ["audio" if media.kind == "audio" else "video" for media in description.media]
    return Agreement(kinds, payloads, abs_send_time, description.media[0].ssrc[0].ssrc)


def _payloads(media: MediaDescription) -> dict[int, Payload]:
    payloads: dict[int, Payload] = {}
    for codec in media.rtp.codecs:
        if codec.payloadType is not None and not is_rtx(codec):
            payloads[codec.payloadType] = Payload(codec.name.lower())
    for codec in media.rtp.codecs:
        original = codec.parameters.get("apt")
        if codec.payloadType is not None and is_rtx(codec) and isinstance(original, int):
            payloads[codec.payloadType] = Payload(payloads[original].codec, original)
    return payloads


def finish_answer(sdp: str) -> str:
    """Add to aiortc's answer that RTCP is never sent apart (RFC 8858)."""
    return sdp.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-mux-only\r\n")
