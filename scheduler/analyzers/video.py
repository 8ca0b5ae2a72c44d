"""The video stream: which objects are in the picture, how many persons, whether a phone.

Looks at the whole frame count persons; between them second looks (``second_look_turns.py``) show parts of it
larger.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from statistics import median_low
from typing import Any

from argusd.ingest.shm.frame import FrameInfo

from ..calibrations import scale_of
from ..contract.policy import Policy
from ..contract.roles import OBJECT_DETECTOR
from ..contract.streams.interview import VIDEO
from ..core import Moment, Outcome, Reuse, Roi, whole_frame
from ..media.moments import NANOSECONDS
from ..models.outputs import PHONE, TOLD, Thing
from ..models.persons import living
from ..rules import CALM, Rule
from .cadence import Cadence, while_empty
from .observations import ObservationPace
from .registry import analyzes
from .second_look_turns import SecondLooks

BETWEEN = 2.0  # times the rate: a second look comes halfway to the next whole one
LATE = 0.75  # of the time from one whole look to the next: from here on it is that one's turn
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
        self._second = SecondLooks()
        self._region: Roi | None = None  # where the look that is under way looks; None: everywhere
        self._whole: list[Thing] = []
        self._things: list[Thing] = []
        # When the newest look's picture arrived, and the newest whole one's.
        self._taken_ns = self._whole_ns = 0
        self._picture = (0, 0)  # its width and height
        self._phone_seen = False
        self.rates = self._wanted()

    def _whole_hz(self) -> float:
        """Looks per second at the whole frame."""
        policy = self._policy
        judged = (policy.phone_detected, policy.multiple_people)
        return self._cadence.rate(policy.gates, policy.rates.object_detector, *judged)

    def _wanted(self) -> Mapping[str, float]:
        """Looks per second of the detector."""
        return {OBJECT_DETECTOR: self._whole_hz() * (BETWEEN if self._second.region else 1)}

    def apply(self, policy: Policy) -> list[Outcome]:
        """Judge the next looks by this."""
        self._policy = policy
        self._pace.apply(policy.rates.observations)
        if policy.economy:
            self._second.forget()
        self.rates = self._wanted()
        return self._phone.retune(policy.phone_detected) + self._people.retune(policy.multiple_people)

    def roi(self, role: str, info: FrameInfo) -> Roi | None:
        """The whole frame; between two looks at it perhaps a part, unless the next one is due already."""
        if role != OBJECT_DETECTOR:
            return None
        late_ns = LATE / self._whole_hz() * NANOSECONDS
        self._region = self._second.region if info.arrival_ns - self._whole_ns < late_ns else None
        self._taken_ns = info.arrival_ns
        return self._region or whole_frame(info)

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
        region, self._region = self._region, None
        outcomes = self._see_part(region, output, at) if region else self._see_frame(output, at)
        self.rates = self._wanted()
        if self._pace.due(at.media_s, self._count):
            best = max((thing.score for thing in self._things), default=1.0)
            outcomes.append(Outcome("observation", self.name, "update", round(best, 3), data=self.latest()))
        return outcomes

    def _see_frame(self, things: list[Thing], at: Moment) -> list[Outcome]:
        changed, self._whole = things != self._whole, things
        self._picture, self._whole_ns = (at.width, at.height), self._taken_ns
        self._second.begin(things, self._picture, spend=changed and not self._policy.economy)
        self._things = self._second.things
        outcomes = self._feed_people(self._things, at)
        best = max([thing.score for thing in things if thing.label == PHONE], default=0.0)
        if best >= TOLD or not self._second.phone:
            outcomes += self._feed_phone(max(best, self._second.phone), at)
        doubt = self._phone.pending or self._people.pending or self._counts[-1] != self._count
        self._cadence.see(at.media_s, self._policy.rates.object_detector, doubt)
        return outcomes

    def _see_part(self, region: Roi, things: list[Thing], at: Moment) -> list[Outcome]:
        """Of a phone it tells only if it shows one, or that one is gone from there."""
        before = self._second.phone
        self._second.see(region, things)
        self._things = self._second.things
        if before or self._second.phone:
            return self._feed_phone(self._second.phone, at)
        return []

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
                if thing.score >= TOLD
            ],
            "person_count": self._count,
            "phone_detected": self._phone_seen,
            "multi_person": self._count > self._policy.multiple_people.allowed,
            "violations": [rule.name for rule in (self._phone, self._people) if rule.open],
        }

    def restart(self) -> None:
        """What second looks showed lies elsewhere now."""
        self._second.forget()

    def forget(self) -> None:
        """Nothing was seen yet."""
        self._counts.clear()
        self._count = 0
        self._things = self._whole = []
        self._second.forget()
        self._phone_seen = False

    def finish(self, at: Moment) -> list[Outcome]:  # noqa: ARG002 - ends date from when a condition last held
        """End what is open."""
        return self._phone.close() + self._people.close()

    def _feed_people(self, things: list[Thing], at: Moment) -> list[Outcome]:
        limits = self._policy.multiple_people
        scale = scale_of(at.model, "multiple_people", limits.score)
        counted = living(things, at.motion, at.width, at.height, scale.threshold)
        seen = [person.score for person in counted.all]
        self._counts.append(sum(score >= scale.threshold for score in seen))
        self._count = count = median_low(self._counts)
        several, beyond = count > limits.allowed, _beyond(seen, limits.allowed)
        known = [person.score for person in counted.all if person not in counted.doubted]
        if several and beyond >= scale.threshold > _beyond(known, limits.allowed):
            return []  # she is told once she shows that she lives; meanwhile looks say nothing
        surplus = beyond if beyond >= scale.threshold else 0.0
        data = {
            "person_count": count,
            "allowed": limits.allowed,
            "value": round(surplus, 3),
            "threshold": scale.threshold,
            "model": at.model,
        }
        log_odds = scale.log_odds(beyond)
        # A second person whom the count does not hold yet is no evidence: one wrong look may show her.
        return self._people.feed(
            several, surplus, at.media_s, data, log_odds if several else min(0.0, log_odds)
        )

    def _feed_phone(self, best: float, at: Moment) -> list[Outcome]:
        scale = scale_of(at.model, "phone_detected", self._policy.phone_detected.score)
        least = scale.threshold
        self._phone_seen = best >= (CALM * least if self._phone.holds else least)
        data = {"value": round(best, 3), "threshold": least, "model": at.model}
        return self._phone.feed(self._phone_seen, best, at.media_s, data, scale.log_odds(best))


def _beyond(scores: Sequence[float], allowed: int) -> float:
    """The best score beyond those that are allowed."""
    return sorted(scores, reverse=True)[allowed] if len(scores) > allowed else 0.0
