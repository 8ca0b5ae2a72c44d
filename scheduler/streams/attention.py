"""Whether the person looks at the screen: head and eyes, from landmarks to the two rules about them."""

from typing import Any

from ..core import Outcome
from ..models.outputs import Mesh
from ..policy import Policy
from ..rules import Rule, certainty, exceeds
from .gaze import Gaze, beyond_head_turn, direction_of, measure_gaze
from .head_pose import HeadPose, head_axes, head_pose


class Attention:
    """Gaze and head of the followed face; a blink measures neither eye and changes nothing."""

    def __init__(self, policy: Policy) -> None:
        self._away = policy.gaze_away
        self._turned = policy.head_turned
        self._gaze_rule = Rule("gaze_away", policy.gaze_away)
        self._head_rule = Rule("head_turned", policy.head_turned)
        self.rules = (self._gaze_rule, self._head_rule)
        self._gaze: Gaze | None = None
        self._blink = False
        self._pose: HeadPose | None = None

    def see(self, mesh: Mesh, media_s: float) -> list[Outcome]:
        """Take one look's landmarks in."""
        axes = head_axes(mesh.points)
        self._pose = head_pose(axes)
        measured = measure_gaze(mesh.points, axes)
        self._blink = measured.blink
        outcomes = self._feed_head(self._pose, media_s)
        if measured.blink:
            return outcomes
        self._gaze = measured._replace(
            x=beyond_head_turn(measured.x, self._pose.yaw), y=beyond_head_turn(measured.y, -self._pose.pitch)
        )
        return outcomes + self._feed_gaze(self._gaze, media_s)

    def lose_face(self) -> list[Outcome]:
        """Nobody is there: end what was said of the person."""
        self._gaze, self._pose, self._blink = None, None, False
        return [outcome for rule in self.rules for outcome in rule.close()]

    def latest(self) -> dict[str, Any]:
        """``gaze``, ``blink`` and ``head_pose`` of the wire contract; null while they are not known."""
        gaze, pose = self._gaze, self._pose
        return {
            "gaze": gaze
            and {"x": round(gaze.x, 3), "y": round(gaze.y, 3), "direction": self._direction(gaze)},
            "blink": self._blink,
            "head_pose": pose and {name: round(angle, 1) for name, angle in pose._asdict().items()},
        }

    def _direction(self, gaze: Gaze) -> str:
        return direction_of(gaze.x, gaze.y, self._away.horizontal, self._away.vertical)

    def _feed_gaze(self, gaze: Gaze, media_s: float) -> list[Outcome]:
        across, along = abs(gaze.x) / self._away.horizontal, abs(gaze.y) / self._away.vertical
        sideways = across >= along
        data = {
            "direction": direction_of(gaze.x, gaze.y, self._away.horizontal, self._away.vertical),
            "value": round(gaze.x if sideways else gaze.y, 3),
            "threshold": self._away.horizontal if sideways else self._away.vertical,
        }
        worst = max(across, along)
        return self._gaze_rule.feed(
            exceeds(worst, 1, self._gaze_rule.holds), certainty(worst, 1), media_s, data
        )

    def _feed_head(self, pose: HeadPose, media_s: float) -> list[Outcome]:
        across, along = abs(pose.yaw) / self._turned.yaw_deg, abs(pose.pitch) / self._turned.pitch_deg
        sideways = across >= along
        data = {
            "direction": direction_of(pose.yaw, -pose.pitch, self._turned.yaw_deg, self._turned.pitch_deg),
            "value": round(pose.yaw if sideways else pose.pitch, 1),
            "threshold": self._turned.yaw_deg if sideways else self._turned.pitch_deg,
        }
        worst = max(across, along)
        return self._head_rule.feed(
            exceeds(worst, 1, self._head_rule.holds), certainty(worst, 1), media_s, data
        )
