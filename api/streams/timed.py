"""The JSON of streams that several tracks feed: media and answers that say when, on the sender's clock."""

from typing import Annotated, Any, Literal

import msgspec

from argusd.scheduler.contract.messages import Latest
from argusd.scheduler.contract.streams.spec import AnswerTypes

Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=9e9)]


class TimedMedia(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What clients send: a JPEG (``video_frame``) or s16 mono samples (``audio_chunk``).

    ``ts``: when it was captured, a chunk's first sample that is: seconds on a clock that both kinds share.
    """

    type: Literal["video_frame", "audio_chunk"]
    data_b64: bytes
    ts: Seconds

    @property
    def captured_ns(self) -> int:
        """``ts`` for a ring, where 0 would mean that no time is known."""
        return max(1, round(self.ts * 1e9))


def typed_answer(latest: Latest, types: AnswerTypes) -> dict[str, Any]:
    """The wire contract's answer, and with it whatever else the stream tells.

    ``score`` is null while there is nothing to compare.
    """
    violated = types.violation in latest.data.get("violations", ())
    return {
        **latest.data,
        "type": types.violation if violated else types.usual,
        "score": latest.data.get("score"),
        "ts": latest.captured_at,
    }
