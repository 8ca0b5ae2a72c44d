"""What can go wrong with media and arenas; each error has a stable code that crosses process borders."""


class IngestError(Exception):
    """Base of every error of this folder."""

    code = "ingest_error"


class ArenaFull(IngestError):
    """No contiguous room or no free ring row is left for another ring."""

    code = "shm_exhausted"


class ArenaUnavailable(IngestError):
    """The machine cannot back the arena with memory, or the file handed over is not an arena."""

    code = "shm_unavailable"


class UnsupportedPlatform(IngestError):
    """Seqlock reads rely on the store order of x86-64; other machines need fences first."""

    code = "unsupported_platform"


class FrameTooLarge(IngestError):
    """A frame does not fit its slot, or exceeds the largest geometry that is accepted."""

    code = "frame_too_large"


class RingClosed(IngestError):
    """The ring was given back to its arena; a late writer is turned away."""

    code = "ring_closed"


class ChannelClosed(IngestError):
    """The other end of a control connection is gone, or does not keep up."""

    code = "channel_closed"


class IncompatibleLibrary(IngestError):
    """The installed aiortc, aioice or PyAV is not one whose inner parts ingest knows."""

    code = "incompatible_library"


class PortUnavailable(IngestError):
    """A port that the configuration names is taken by another program, or below 1024 and not for us."""

    code = "port_unavailable"


class CredentialUnreadable(IngestError):
    """The file with the credential of an ICE server cannot be read."""

    code = "credential_unreadable"


class OfferRefused(IngestError):
    """Base of every reason not to answer a WHIP offer."""

    code = "bad_offer"


class BadOffer(OfferRefused):
    """The SDP is malformed, too long, or lacks what WebRTC demands (BUNDLE, rtcp-mux, DTLS, ICE)."""

    code = "bad_offer"


class OfferNotSending(OfferRefused):
    """All media sections of the offer are recvonly or inactive; a WHIP client sends."""

    code = "offer_not_sending"


class TooManyTracks(OfferRefused):
    """More than one track of a kind is offered."""

    code = "too_many_tracks"


class UnsupportedCodec(OfferRefused):
    """A media section that sends offers no codec that is received (see capabilities.py)."""

    code = "unsupported_codec"


class SessionExists(OfferRefused):
    """This worker already holds a session of that id."""

    code = "session_exists"


class SessionEnded(OfferRefused):
    """The session was ended while its offer was being answered."""

    code = "session_ended"


class NoIceCandidate(OfferRefused):
    """There is no address to answer with: none of those configured is on this machine, or no port is free."""

    code = "no_ice_candidate"


class WorkerFull(OfferRefused):
    """The worker holds as many sessions as it may."""

    code = "worker_full"
