"""What goes into a stream: bytes (a JPEG; s16 mono samples), or for lip sync one of the two with its time."""

import msgspec


class VideoFrame(msgspec.Struct, frozen=True, tag="video_frame", tag_field="type"):
    """A JPEG of the speaker. ``ts``: when it was captured, seconds on a clock that sound shares."""

    data_b64: bytes
    ts: float


class AudioChunk(msgspec.Struct, frozen=True, tag="audio_chunk", tag_field="type"):
    """s16 mono samples at 16 kHz. ``ts``: when the first of them was captured."""

    data_b64: bytes
    ts: float


StreamMedia = bytes | VideoFrame | AudioChunk
