"""What a replay found, as a list that can be kept. Pure."""

from collections.abc import Iterable

import msgspec

from argusd.benchmarks.rigs.virtual import Told
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from .errors import FindingsUnreadable

DIGITS = 3  # of seconds and confidence: a frame's time is no more exact


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A violation; times are seconds of the file.

    ``started_s``, ``ended_s``: when what it is about began and was over; ``told_s``: when it had held for
    as long as the policy asks. ``confidence``: what its last event says.
    """

    stream: str
    name: str
    started_s: float
    told_s: float
    ended_s: float
    confidence: float


def findings_of(told: Iterable[Told], seconds: float) -> list[Finding]:
    """Violations in the order in which they were told; one without an end lasts as long as the file."""
    found: dict[tuple[str, str, float], Finding] = {}
    for each in told:
        outcome = each.outcome
        if outcome.type != "violation":
            continue
        start_s = outcome.data["start_s"]
        key = each.stream, outcome.name, start_s
        end_s = outcome.data["end_s"] if outcome.state == "end" else seconds
        found[key] = Finding(
            stream=each.stream,
            name=outcome.name,
            started_s=round(start_s, DIGITS),
            told_s=found[key].told_s if key in found else round(each.media_s, DIGITS),
            ended_s=round(end_s, DIGITS),
            confidence=round(outcome.confidence, DIGITS),
        )
    return [*found.values()]


def written(findings: Iterable[Finding]) -> list[str]:
    """One finding a line, as JSON."""
    return [msgspec.json.encode(finding).decode() for finding in findings]


def read(lines: bytes) -> list[Finding]:
    """What ``written`` made.

    Raises:
        FindingsUnreadable: it is something else.
    """
    try:
        return msgspec.json.Decoder(Finding).decode_lines(lines)
    except UNDECODABLE as error:
        raise FindingsUnreadable(
            f"these are no findings as `argusd replay --json` prints them: {error}"
        ) from error
