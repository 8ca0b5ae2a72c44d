"""Whether the person looks at the screen: head and eyes, from landmarks to the two rules about them."""

from typing import Any

from ...contract.policy import Policy
from ...core import Outcome
from ...models.outputs import Gaze, HeadPose, Mesh
from ...rules import CALM, Rule
from .aside import Aside, Limits
from .gaze import Stance, offset_from
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

LEAST_LIMIT = 0.001  # a policy may say 0: then every look but one straight ahead is away


class Attention:
    """Gaze and head of the followed face. Eyes that blink or are shut look nowhere; a blink ends nothing."""

    def __init__(self, policy: Policy) -> None:
        patience = _patience(policy)
        self._eyes = Aside("gaze_away", policy.gaze_away, _eye_limits(policy), patience)
        self._head = Aside("head_turned", policy.head_turned, _head_limits(policy), patience)
        self.rules: tuple[Rule, Rule] = (self._eyes.rule, self._head.rule)
        self._neutral = Neutral(policy.neutral)
        self._gaze: Gaze | None = None
        self._unknown: str | None = "nobody"
        self._lowered_s: float | None = None  # since when the lids are down
        self._shut = False  # whether they met since then
        self._blink = False
        self._pose: HeadPose | None = None

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next looks by this."""
        self._neutral.apply(policy.neutral)
        patience = _patience(policy)
        gaze = self._eyes.retune(policy.gaze_away, _eye_limits(policy), patience)
        return gaze + self._head.retune(policy.head_turned, _head_limits(policy), patience)

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
            return outcomes + self._eyes.rule.close()
        if not eyes.blink and self._is_calm(straight):
            self._neutral.learn(look, media_s)
        self._gaze = Gaze(offset.x, offset.y, eyes.open, eyes.width)
        return outcomes + self._eyes.feed(offset.x, offset.y, media_s)

    def see_turned(self, pose: HeadPose, media_s: float) -> list[Outcome]:
        """Take in a look at a head of which nothing else is known."""
        self._pose, self._unknown = pose, "head_turned"
        look = Stance(0.0, 0.0, pose.yaw, pose.pitch)
        return self._feed_head(self._neutral.offset(look, look), media_s) + self._lose_eyes()

    @property
    def pending(self) -> bool:
        """Whether one of the conditions is met and not yet for long enough."""
        return any(rule.pending for rule in self.rules)

    def facing(self, most_deg: float) -> bool:
        """Whether the head is known to be turned by no more than this in either direction."""
        pose = self._pose
        return pose is not None and max(abs(pose.yaw), abs(pose.pitch)) <= most_deg

    def lose_face(self) -> list[Outcome]:
        """Nobody is there: end what was said of the person."""
        self._pose, self._unknown = None, "nobody"
        return self._lose_eyes() + self._head.rule.close()

    def latest(self) -> dict[str, Any]:
        """``gaze``, ``blink`` and ``head_pose`` of the wire contract; null while they are not known.

        ``gaze_unknown`` says why there is no gaze, and ``neutral`` from where it is counted as well.
        """
        gaze, pose, neutral = self._gaze, self._pose, self._neutral.stance
        return {
            "gaze": gaze
            and {
                "x": round(gaze.x, 3),
                "y": round(gaze.y, 3),
                "direction": self._eyes.direction(gaze.x, gaze.y),
            },
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

    def _is_calm(self, offset: Stance) -> bool:
        eyes = self._eyes.excess(offset.x, offset.y)
        return max(eyes, self._head.excess(offset.yaw, -offset.pitch)) < CALM

    def _feed_head(self, offset: Stance, media_s: float) -> list[Outcome]:
        return self._head.feed(offset.yaw, -offset.pitch, media_s)

    def _lose_eyes(self) -> list[Outcome]:
        self._gaze, self._blink = None, False
        self._lowered_s, self._shut = None, False
        return self._eyes.rule.close()

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


def _eye_limits(policy: Policy) -> Limits:
    away = policy.gaze_away
    return max(LEAST_LIMIT, away.horizontal), max(LEAST_LIMIT, away.vertical)


def _head_limits(policy: Policy) -> Limits:
    return policy.head_turned.yaw_deg, policy.head_turned.pitch_deg


def _patience(policy: Policy) -> float:
    return max(PATIENCE_S, 2 / policy.rates.face_mesh)
