"""The video stream: which objects are in the picture, how many persons, whether a phone."""

from collections import deque
from collections.abc import Mapping
from statistics import median_low
from typing import Any

from argusd.ingest.shm.frame import FrameInfo

from ..calibrations import scale_of
from ..contract.policy import Policy
from ..contract.roles import OBJECT_DETECTOR
from ..contract.streams.interview import VIDEO
from ..core import Moment, Outcome, Reuse, Roi, whole_frame
from ..models.outputs import PERSON, PHONE, Thing
from ..rules import CALM, Rule
from .cadence import Cadence, while_empty
from .observations import ObservationPace
from .registry import analyzes

LOOKS = 3  # the count is the middle one of so many looks


@analyzes(VIDEO)
class VideoAnalyzer:
    """One session's object findings; fed with ``list[Thing]``."""

    name = VIDEO.name
    news = True

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._phone = Rule("phone_detected", policy.phone_detected, "critical")
        self._people = Rule("multiple_people", policy.multiple_people, "critical")
        self._cadence = Cadence()
        self._pace = ObservationPace(policy.rates.observations)
        self._counts: deque[int] = deque(maxlen=LOOKS)
        self._count = 0
        self._things: list[Thing] = []
        self._picture = (0, 0)  # width and height of the one that showed them
        self._phone_seen = False
        self.rates = self._wanted()

    def _wanted(self) -> Mapping[str, float]:
        """Looks per second of the detector."""
        policy, hz = self._policy, self._policy.rates.object_detector
        judged = (policy.phone_detected, policy.multiple_people)
        return {OBJECT_DETECTOR: self._cadence.rate(policy.gates, hz, *judged)}

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next looks by this."""
        self._policy = policy
        self._pace.apply(policy.rates.observations)
        self.rates = self._wanted()
        return self._phone.retune(policy.phone_detected) + self._people.retune(policy.multiple_people)

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """The whole frame."""
        return whole_frame(info) if role == OBJECT_DETECTOR else None

    def reuse(self, role: str) -> Reuse | None:
        """While neither a person nor a phone was seen lately."""
        seen = self._phone_seen or self._count or not self._counts or self._counts[-1]
        return while_empty(self._policy.gates) if role == OBJECT_DETECTOR and not seen else None

    def wants(self, role: str) -> bool:  # noqa: ARG002 - a picture has no sound
        """Nothing: this stream is silent."""
        return False

    def absorb(self, role: str, output: Any, at: Moment) -> list[Outcome]:
        """Take one look's objects in."""
        if role != OBJECT_DETECTOR:
            return []
        things: list[Thing] = output
        outcomes = self._feed_people(things, at) + self._feed_phone(things, at)
        doubt = self._phone.pending or self._people.pending or self._counts[-1] != self._count
        self._cadence.see(at.media_s, self._policy.rates.object_detector, doubt)
        if self._policy.gates.calm_session:
            self.rates = self._wanted()
        self._things, self._picture = things, (at.width, at.height)
        if self._pace.due(at.media_s, self._count):
            best = max((thing.score for thing in things), default=1.0)
            outcomes.append(Outcome("observation", self.name, "update", round(best, 3), data=self.latest()))
        return outcomes

    def latest(self) -> dict[str, Any]:
        """The stream's JSON of the wire contract; boxes are left, top, right, bottom in 0..1 of the frame."""
        return {
            "objects": [
                {
                    "label": thing.label,
                    "score": round(thing.score, 3),
                    "box": thing.box.in_unit(*self._picture),
                }
                for thing in self._things
            ],
            "person_count": self._count,
            "phone_detected": self._phone_seen,
            "multi_person": self._count > self._policy.multiple_people.allowed,
            "violations": [rule.name for rule in (self._phone, self._people) if rule.open],
        }

    def restart(self) -> None:
        """Nothing here depends on where things were."""

    def forget(self) -> None:
        """Nothing was seen yet."""
        self._counts.clear()
        self._count = 0
        self._things = []
        self._phone_seen = False

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002 - ends date from when a condition last held
        """End what is open."""
        return self._phone.close() + self._people.close()

    def _feed_people(self, things: list[Thing], at: Moment) -> list[Outcome]:
        limits = self._policy.multiple_people
        scale = scale_of(at.model, "multiple_people", limits.score)
        seen = [thing.score for thing in things if thing.label == PERSON]
        self._counts.append(sum(score >= scale.threshold for score in seen))
        self._count = count = median_low(self._counts)
        beyond = sorted(seen, reverse=True)[limits.allowed] if len(seen) > limits.allowed else 0.0
        surplus = beyond if beyond >= scale.threshold else 0.0
        data = {
            "person_count": count,
            "allowed": limits.allowed,
            "value": round(surplus, 3),
            "threshold": scale.threshold,
            "model": at.model,
        }
        several, log_odds = count > limits.allowed, scale.log_odds(beyond)
        # A second person whom the count does not hold yet is no evidence: one wrong look may show her.
        return self._people.feed(
            several, surplus, at.media_s, data, log_odds if several else min(0.0, log_odds)
        )

    def _feed_phone(self, things: list[Thing], at: Moment) -> list[Outcome]:
        scale = scale_of(at.model, "phone_detected", self._policy.phone_detected.score)
        best = max([thing.score for thing in things if thing.label == PHONE], default=0.0)
        least = scale.threshold
        self._phone_seen = best >= (CALM * least if self._phone.holds else least)
        data = {"value": round(best, 3), "threshold": least, "model": at.model}
        return self._phone.feed(self._phone_seen, best, at.media_s, data, scale.log_odds(best))
