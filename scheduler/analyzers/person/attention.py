"""Whether the person looks at the screen: head and eyes, from landmarks to the two rules about them."""

from typing import Any

from ...contract.policy import Policy
from ...core import Outcome
from ...models.outputs import Gaze, HeadPose, Mesh
from ...rules import CALM, Rule, certainty, exceeds
from .gaze import Stance, direction_of, offset_from
from .neutral import STRAIGHT, Neutral

# Without landmarks for so long, what the eyes did before says nothing about what they do now.
PATIENCE_S = 2.0
# Eyes that are seen from the side or are a few pixels wide tell nothing: one pixel would be a glance aside.
MAX_YAW_DEG = 40.0
MIN_EYE_PIXELS = 12.0
# The darker, the lower the mesh draws the lids: by 0.05 of a look down at this light, by 0.15 at half of it.
MIN_LIGHT = 0.05
# A blink takes 0.1 to 0.4 s. Lids that stay low for longer look down, or are shut.
LONGEST_BLINK_S = 0.5
# Lid distance over eye width: lids that meet are drawn at 0.01 to 0.09 by the mesh, a look down from 0.1 on.
SHUT = 0.1

Limits = tuple[float, float]  # of what goes across and of what goes up or down
LEAST_LIMIT = 0.001  # a policy may say 0: then every look but one straight ahead is away


class Attention:
    """Gaze and head of the followed face. Eyes that blink or are shut look nowhere; a blink ends nothing."""

    def __init__(self, policy: Policy) -> None:
        self._eye_limits, self._head_limits = _limits(policy)
        self._gaze_rule = Rule("gaze_away", policy.gaze_away, patience_s=_patience(policy))
        self._head_rule = Rule("head_turned", policy.head_turned, patience_s=_patience(policy))
        self.rules = (self._gaze_rule, self._head_rule)
        self._neutral = Neutral(policy.neutral)
        self._gaze: Gaze | None = None
        self._unknown: str | None = "nobody"
        self._lowered_s: float | None = None  # since when the lids are down
        self._shut = False  # whether they met since then
        self._blink = False
        self._pose: HeadPose | None = None

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next looks by this."""
        self._eye_limits, self._head_limits = _limits(policy)
        self._neutral.apply(policy.neutral)
        patience = _patience(policy)
        return self._gaze_rule.retune(policy.gaze_away, patience) + self._head_rule.retune(
            policy.head_turned, patience
        )

    def see(self, mesh: Mesh, media_s: float) -> list[Outcome]:
        """Take one look in."""
        self._pose = pose = mesh.pose
        eyes = mesh.gaze._replace(x=0.0) if mesh.gaze.blink else mesh.gaze
        look = Stance(eyes.x, eyes.y, pose.yaw, pose.pitch)
        straight = offset_from(STRAIGHT, look)
        offset = self._neutral.offset(look, straight)
        outcomes = self._feed_head(offset, media_s)
        self._unknown = unseen(mesh)
        if self._unknown is not None:
            return outcomes + self._lose_eyes()
        self._blink = self._blinks(eyes, media_s)
        if self._blink:
            self._gaze, self._unknown = None, "blink"
            return outcomes
        if self._shut:
            self._gaze, self._unknown = None, "closed"
            return outcomes + self._gaze_rule.close()
        if not eyes.blink and self._is_calm(straight):
            self._neutral.learn(look, media_s)
        self._gaze = Gaze(offset.x, offset.y, eyes.open, eyes.width)
        return outcomes + _feed(self._gaze_rule, offset.x, offset.y, self._eye_limits, media_s)

    def see_turned(self, pose: HeadPose, media_s: float) -> list[Outcome]:
        """Take in a look at a head of which nothing else is known."""
        self._pose, self._unknown = pose, "head_turned"
        look = Stance(0.0, 0.0, pose.yaw, pose.pitch)
        return self._feed_head(self._neutral.offset(look, look), media_s) + self._lose_eyes()

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
        self._pose, self._unknown = None, "nobody"
        return self._lose_eyes() + self._head_rule.close()

    def latest(self) -> dict[str, Any]:
        """``gaze``, ``blink`` and ``head_pose`` of the wire contract; null while they are not known.

        ``gaze_unknown`` says why there is no gaze, and ``neutral`` from where it is counted as well.
        """
        gaze, pose, neutral = self._gaze, self._pose, self._neutral.stance
        return {
            "gaze": gaze
            and {"x": round(gaze.x, 3), "y": round(gaze.y, 3), "direction": self._direction(gaze)},
            "gaze_unknown": self._unknown,
            "blink": self._blink,
            "head_pose": pose and {name: round(angle, 1) for name, angle in pose._asdict().items()},
            "neutral": neutral
            and {
                "x": round(neutral.x, 3),
                "y": round(neutral.y, 3),
                "yaw_deg": round(neutral.yaw, 1),
                "pitch_deg": round(neutral.pitch, 1),
            },
        }

    def _direction(self, gaze: Gaze) -> str:
        across, along = self._eye_limits
        calm = CALM if self._gaze_rule.holds else 1.0
        return direction_of(gaze.x, gaze.y, calm * across, calm * along)

    def _is_calm(self, offset: Stance) -> bool:
        eyes = _excess(offset.x, offset.y, self._eye_limits)
        return max(eyes, _excess(offset.yaw, offset.pitch, self._head_limits)) < CALM

    def _feed_head(self, offset: Stance, media_s: float) -> list[Outcome]:
        return _feed(self._head_rule, offset.yaw, -offset.pitch, self._head_limits, media_s)

    def _lose_eyes(self) -> list[Outcome]:
        self._gaze, self._blink = None, False
        self._lowered_s, self._shut = None, False
        return self._gaze_rule.close()

    def _blinks(self, eyes: Gaze, media_s: float) -> bool:
        if not eyes.blink:
            self._lowered_s, self._shut = None, False
            return False
        if self._lowered_s is None:
            self._lowered_s = media_s
        self._shut |= eyes.open < SHUT
        return media_s - self._lowered_s < LONGEST_BLINK_S


def unseen(mesh: Mesh) -> str | None:
    """Why these landmarks do not tell where the eyes look."""
    if abs(mesh.pose.yaw) > MAX_YAW_DEG:
        return "head_turned"
    if mesh.gaze.width < MIN_EYE_PIXELS:
        return "too_small"
    return "too_dark" if mesh.light < MIN_LIGHT else None


def _limits(policy: Policy) -> tuple[Limits, Limits]:
    """Of eyes and of heads."""
    away, turned = policy.gaze_away, policy.head_turned
    eyes = max(LEAST_LIMIT, away.horizontal), max(LEAST_LIMIT, away.vertical)
    return eyes, (turned.yaw_deg, turned.pitch_deg)


def _patience(policy: Policy) -> float:
    return max(PATIENCE_S, 2 / policy.rates.face_mesh)


def _excess(x: float, y: float, limits: Limits) -> float:
    """The worse of two offsets in shares of its limit."""
    return max(abs(x) / limits[0], abs(y) / limits[1])


def _feed(rule: Rule, x: float, y: float, limits: Limits, media_s: float) -> list[Outcome]:
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
