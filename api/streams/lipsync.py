"""The lipsync stream's messages: JSON in and out, on the sender's clock."""

from typing import Annotated, Any, Literal

import msgspec

from argusd.scheduler.contract.messages import Latest

Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=9e9)]
VIOLATION = "lip_sync_violation"


class LipSyncMedia(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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


def lip_sync_answer(latest: Latest) -> dict[str, Any]:
    """The wire contract's answer, and with it whatever else the stream tells.

    ``score`` is null while there is no speech or no mouth to compare.
    """
    violated = VIOLATION in latest.data.get("violations", ())
    return {
        **latest.data,
        "type": VIOLATION if violated else "sync_score",
        "score": latest.data.get("score"),
        "ts": latest.captured_at,
    }
