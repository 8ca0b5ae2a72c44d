"""What can go wrong with media and arenas. Why an offer is refused lies in the contract."""

from argusd.scheduler.contract.errors import ArenaExhausted, ArgusdError


class IngestError(ArgusdError):
    """Base of every error of this folder."""

    code = "ingest_error"


class ArenaFull(IngestError):
    """No contiguous room or no free ring row is left for another ring."""

    code = ArenaExhausted.code


class ArenaUnavailable(IngestError):
    """The machine cannot back the arena with memory, or the file handed over is not an arena."""

    code = "shm_unavailable"


class ArenaTooSmall(IngestError):
    """The configured arena would not hold a single session."""

    code = "arena_too_small"


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
