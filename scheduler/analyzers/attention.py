"""Whether the person looks at the screen: head and eyes, from landmarks to the two rules about them."""

from typing import Any

from ..contract.policy import Policy
from ..core import Outcome
from ..models.outputs import Gaze, HeadPose, Mesh
from ..rules import CALM, Rule, certainty, exceeds
from .gaze import beyond_head_turn, direction_of

# Without landmarks for so long, what the eyes did before says nothing about what they do now.
PATIENCE_S = 2.0
# Eyes that are seen from the side or are a few pixels wide tell nothing: one pixel would be a glance aside.
MAX_YAW_DEG = 40.0
MIN_EYE_PIXELS = 12.0


class Attention:
    """Gaze and head of the followed face; a blink measures neither eye and changes nothing."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._gaze_rule = Rule("gaze_away", policy.gaze_away, patience_s=_patience(policy))
        self._head_rule = Rule("head_turned", policy.head_turned, patience_s=_patience(policy))
        self.rules = (self._gaze_rule, self._head_rule)
        self._gaze: Gaze | None = None
        self._blink = False
        self._pose: HeadPose | None = None

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next looks by this."""
        self._policy = policy
        patience = _patience(policy)
        return self._gaze_rule.retune(policy.gaze_away, patience) + self._head_rule.retune(
            policy.head_turned, patience
        )

    def see(self, mesh: Mesh, media_s: float) -> list[Outcome]:
        """Take one look in."""
        self._pose = pose = mesh.pose
        outcomes = self._feed_head(pose, media_s)
        seen = mesh.gaze
        if seen.width < MIN_EYE_PIXELS or abs(pose.yaw) > MAX_YAW_DEG:
            self._gaze, self._blink = None, False
            return outcomes + self._gaze_rule.close()
        self._blink = seen.blink
        if seen.blink:
            return outcomes
        x, y = beyond_head_turn(seen.x, pose.yaw), beyond_head_turn(seen.y, -pose.pitch)
        self._gaze = gaze = Gaze(x, y, seen.open, seen.width)
        return outcomes + self._feed_gaze(gaze, media_s)

    @property
    def pending(self) -> bool:
        """Whether one of the conditions is met and not yet for long enough."""
        return self._gaze_rule.pending or self._head_rule.pending

    def facing(self, most_deg: float) -> bool:
        """Whether the head is known to be turned by no more than this in either direction."""
        pose = self._pose
        return pose is not None and max(abs(pose.yaw), abs(pose.pitch)) <= most_deg

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
        away, calm = self._policy.gaze_away, CALM if self._gaze_rule.holds else 1.0
        return direction_of(gaze.x, gaze.y, calm * away.horizontal, calm * away.vertical)

    def _feed_gaze(self, gaze: Gaze, media_s: float) -> list[Outcome]:
        away = self._policy.gaze_away
        limits = (away.horizontal, away.vertical)
        return _feed(self._gaze_rule, gaze.x, gaze.y, limits, media_s)

    def _feed_head(self, pose: HeadPose, media_s: float) -> list[Outcome]:
        turned = self._policy.head_turned
        limits = (turned.yaw_deg, turned.pitch_deg)
        return _feed(self._head_rule, pose.yaw, -pose.pitch, limits, media_s)


def _patience(policy: Policy) -> float:
    return max(PATIENCE_S, 2 / policy.rates.face_mesh)


def _feed(rule: Rule, x: float, y: float, limits: tuple[float, float], media_s: float) -> list[Outcome]:
    """Judge the worse of two offsets, x > 0 being the person's left and y > 0 down."""
    across, along = abs(x) / limits[0], abs(y) / limits[1]
    worst = max(across, along)
    if not exceeds(worst, 1, rule.holds):
        return rule.feed(False, 0.0, media_s, {})
    value, threshold = (x, limits[0]) if across >= along else (y, limits[1])
    data = {
        "direction": direction_of(x, y, CALM * limits[0], CALM * limits[1]),
        "value": round(value, 3),
        "threshold": threshold,
    }
    return rule.feed(True, certainty(worst, 1), media_s, data)
