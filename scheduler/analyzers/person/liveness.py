"""Whether a living face is before the camera, or a picture of one: on paper, on a screen.

One sign of life (``signs_of_life.py``) is enough for ``live``, for some time. A picture has none, however it
is held::

    watched ├── a sign of life ──┤├────────── none ──────────┤
    verdict        live           live, then unknown          flat, once watched for long enough

A plane that was seen to tilt is known for one soon: a head that moves as much shows its depth. One that keeps
still might be somebody who stares, so that takes a minute. Where the eyes cannot be seen nothing is counted,
neither for nor against. A film of somebody blinks and talks, and so passes for live.
"""

from typing import Any, Literal

from ...contract.policy import Policy
from ...core import Outcome
from ...models.outputs import Mesh
from ...rules import Rule, certainty
from .attention import unseen
from .signs_of_life import SignsOfLife

Verdict = Literal["live", "flat", "unknown"]

MIN_EYE_PIXELS = 20.0  # below it noise moves lips and irises as much as life does
LEAST_S = 3.0  # watched, before anything is said
JUDGED_EVERY_S = 1.0
LIVE_S = 20.0  # for so long a sign of life counts
TILTED_S, STILL_S = 15.0, 60.0  # watched without one; people blink every 3 to 20 s
PATIENCE_S = 10.0


class Liveness:
    """The verdict on one session's face, and the rule about it."""

    def __init__(self, policy: Policy) -> None:
        self.rule = Rule("not_live", policy.liveness, "critical", PATIENCE_S)
        self._watches = _watches(policy)
        self._face = SignsOfLife()
        self._verdict: Verdict = "unknown"
        self._judged_s = 0.0

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next looks by this."""
        self._watches = _watches(policy)
        if not self._watches:
            self._begin()
        return self.rule.retune(policy.liveness, PATIENCE_S)

    def see(self, mesh: Mesh, media_s: float) -> list[Outcome]:
        """Take one look in."""
        if not self._watches:
            return []
        if unseen(mesh) is not None or mesh.gaze.width < MIN_EYE_PIXELS:
            self.miss(media_s)
            return []
        ended = [] if self._face.are_of(mesh.box) else self.lose_face()
        self._face.see(mesh, media_s)
        if 0 <= media_s - self._judged_s < JUDGED_EVERY_S:
            return ended
        self._judged_s = media_s
        self._face.sum_up(media_s)
        self._verdict = self._judged(media_s)
        return ended + self._tell(media_s)

    def miss(self, media_s: float) -> None:
        """Take in a look that shows no eyes: of now it is known only whether life was seen lately."""
        if self._verdict == "flat" or not self._alive(media_s):
            self._verdict = "unknown"

    def lose_face(self) -> list[Outcome]:
        """Nobody is there: whoever comes next is to show signs of life anew."""
        self._begin()
        return self.rule.close()

    def latest(self) -> dict[str, Any]:
        """``liveness`` of the wire contract: the verdict and what it goes by.

        ``blinks`` of this face so far; ``calm_s``: seconds watched since its last sign of life; ``tilted``:
        whether it tilted as a plane does in these. Over the last ten seconds, ``eyes`` and ``mouth``: ranges
        of ``Gaze.x`` and of the gap between the lips; ``depth``: how far its motion was from a plane's.
        """
        return {"verdict": self._verdict, **self._evidence()}

    def _begin(self) -> None:
        self._face, self._verdict, self._judged_s = SignsOfLife(), "unknown", 0.0

    @property
    def _needed_s(self) -> float:
        return TILTED_S if self._face.tilted else STILL_S

    def _judged(self, media_s: float) -> Verdict:
        if self._face.watched_s < LEAST_S:
            return "unknown"
        if self._alive(media_s):
            return "live"
        return "flat" if self._face.calm_s >= self._needed_s else "unknown"

    def _alive(self, media_s: float) -> bool:
        alive_s = self._face.alive_s
        return alive_s is not None and 0 <= media_s - alive_s <= LIVE_S

    def _tell(self, media_s: float) -> list[Outcome]:
        """Feed the rule where the verdict is one."""
        if self._verdict == "unknown":
            return []
        flat, needed_s = self._verdict == "flat", self._needed_s
        sure = certainty(self._face.calm_s, needed_s) if flat else 0.0
        return self.rule.feed(flat, sure, media_s, self._evidence() | {"threshold": needed_s})

    def _evidence(self) -> dict[str, Any]:
        face = self._face
        return {
            "blinks": face.blinks,
            "calm_s": round(face.calm_s, 1),
            "tilted": face.tilted,
            "eyes": round(face.signs.eyes, 3),
            "mouth": round(face.signs.mouth, 3),
            "depth": round(face.signs.depth, 4),
        }


def _watches(policy: Policy) -> bool:
    """Whether it is asked for, or costs nothing that should be saved."""
    return policy.liveness.enabled or not policy.economy
