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
