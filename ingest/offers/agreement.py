"""What an offer and its answer settle."""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from argusd.scheduler.contract.media import TrackKind

from .capabilities import TRANSPORT_CC
from .sdp import Section
from .simulcast import ONE_LAYER, Layers

DtlsRole = Literal["client", "server"]


class Payload(NamedTuple):
    """What a payload type carries: a codec of capabilities.py; ``original`` is set for its retransmission.

    ``out_of_band`` is what the decoder needs before the first keyframe, where the offer tells it.
    """

    codec: str
    original: int | None = None
    out_of_band: bytes = b""


class AgreedCodec(NamedTuple):
    """A payload type as the answer lists it.

    ``encoding`` is what the offer's ``a=rtpmap`` says of it; ``feedback`` the kinds of RTCP feedback agreed.
    """

    payload_type: int
    encoding: str
    parameters: Mapping[str, str]
    feedback: tuple[str, ...]
    payload: Payload


class Extension(NamedTuple):
    """A header extension (RFC 8285) as the answer lists it; ``direction`` may be empty."""

    number: int
    direction: str
    uri: str


class AgreedSection(NamedTuple):
    """What becomes of a media section: received, kept ``inactive``, or rejected (RFC 3264 section 6)."""

    offered: Section
    direction: Literal["recvonly", "inactive", "rejected"]
    bundled: bool = False
    codecs: tuple[AgreedCodec, ...] = ()
    extensions: tuple[Extension, ...] = ()
    layers: Layers = ONE_LAYER


class RemoteCandidate(NamedTuple):
    """Where the sender may be reached: an address, never a name; ``protocol`` is udp or tcp."""

    foundation: str
    protocol: str
    priority: int
    address: str
    port: int
    kind: str
    tcp_type: str = ""


class Fingerprint(NamedTuple):
    """A digest of the sender's certificate (RFC 8122); ``algorithm`` is in lower case."""

    algorithm: str
    value: str


class RemoteTransport(NamedTuple):
    """How to reach and to recognise the sender. ``dtls_role`` is ours."""

    ufrag: str
    password: str
    lite: bool
    trickle: bool
    candidates: tuple[RemoteCandidate, ...]
    fingerprints: tuple[Fingerprint, ...]
    dtls_role: DtlsRole


class Agreement(NamedTuple):
    """All that an answer settles.

    ``sections`` are as many and in the order of the offer's; ``tagged`` is the position of the one whose
    transport the bundle uses (RFC 9143 section 7.3.1).
    """

    sections: tuple[AgreedSection, ...]
    tagged: int
    transport: RemoteTransport

    @property
    def received(self) -> list[AgreedSection]:
        """The sections whose media we receive: at most one a kind."""
        return [section for section in self.sections if section.direction == "recvonly"]

    @property
    def kinds(self) -> list[TrackKind]:
        """The kinds of media that are received, in the offer's order."""
        return ["video" if section.offered.kind == "video" else "audio" for section in self.received]

    @property
    def payloads(self) -> dict[int, Payload]:
        """What each payload type means."""
        return {codec.payload_type: codec.payload for section in self.received for codec in section.codecs}

    @property
    def transport_cc(self) -> int:
        """The id of the header extension with the number that all tracks share, 0 where it is of no use.

        To a sender that does not ask for feedback on it, arrivals are not told.
        """
        for kind in self.kinds:
            asked = any("transport-cc" in codec.feedback for codec in self._codecs(kind))
            if asked and (number := self.extension(kind, TRANSPORT_CC)):
                return number
        return 0

    @property
    def layers(self) -> Layers:
        """The encodings of the picture."""
        found = (section.layers for section in self.received if section.offered.kind == "video")
        return next(found, ONE_LAYER)

    def _codecs(self, kind: TrackKind) -> Iterator[AgreedCodec]:
        for section in self.received:
            if section.offered.kind == kind:
                yield from section.codecs

    def extension(self, kind: TrackKind, uri: str) -> int:
        """The id of a header extension on packets of this kind, 0 where it was not agreed."""
        for section in self.received:
            for extension in section.extensions:
                if (section.offered.kind, extension.uri) == (kind, uri):
                    return extension.number
        return 0
