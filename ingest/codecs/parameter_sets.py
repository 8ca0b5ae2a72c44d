"""Parameter sets that do not come with their keyframe: in the offer, or in the stream but alone. Pure."""

from .bitstream import FrameHead
from .codec import VideoCodec

MAX_BYTES = 4096


class ParameterSets:
    """Completes one stream's keyframes, where they lack what their decoder has to know first."""

    def __init__(self) -> None:
        self._alone = b""
        self._complete = False

    def complete(self, codec: VideoCodec, data: bytes, out_of_band: bytes) -> tuple[bytes, FrameHead]:
        """A frame's bitstream, with what it lacks before it, and what it says then.

        What came alone in the stream is taken before ``out_of_band``, which holds until a keyframe is whole.

        Raises:
            ValueError: the frame is damaged.
        """
        head = codec.inspect(data)
        if not head.is_picture:
            self._keep(data, head)
        elif head.keyframe and head.size is not None:
            self._alone, self._complete = b"", True
        elif head.keyframe and (missing := self._missing(out_of_band)):
            data = missing + data
            head = codec.inspect(data)
        return data, head

    def _missing(self, out_of_band: bytes) -> bytes:
        return self._alone or (b"" if self._complete else out_of_band)

    def _keep(self, data: bytes, head: FrameHead) -> None:
        # The first of a group tells the size; the others add to it.
        kept = data if head.size is not None else self._alone + data
        self._alone = kept if len(kept) <= MAX_BYTES else b""
