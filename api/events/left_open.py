"""Violations that have started and not ended, and the end of those whose scheduler is no more.

The scheduler that found a violation tells its end. One that was killed cannot, and the next one begins to
look anew: it knows of no violation, and may start the same one again. So the event store, which knows every
start that is stored, ends what an earlier life of the same scheduler has left open, and nothing of others.
"""

from collections.abc import Mapping

import msgspec

from argusd.scheduler.contract.events import Event

REASON = "scheduler_lost"


class OpenViolation(msgspec.Struct, frozen=True):
    """The newest event of a violation that goes on, and who found it: a life (``origin``) of a scheduler."""

    origin: str
    event: Event
    scheduler: str = ""


def is_left_open(violation: OpenViolation, boots: Mapping[str, str | None]) -> bool:
    """Whether nobody will end it: its scheduler has begun another life, or is not configured any more.

    ``boots``: the present life of each scheduler; None while it is not known, and so may be the same one.
    """
    boot = boots.get(violation.scheduler, "")
    return boot is not None and boot != violation.origin


def field(event: Event) -> str:
    """What tells a session's violations apart."""
    return f"{event.stream}:{event.name}"


def end_of(event: Event) -> Event:
    """The end that nobody told, as of when the violation was last seen to go on."""
    last_s = float(event.data.get("end_s", event.data.get("media_s", 0.0)))
    start_s = float(event.data.get("start_s", last_s))
    times = {"start_s": start_s, "end_s": last_s, "duration_s": round(max(0.0, last_s - start_s), 3)}
    return msgspec.structs.replace(event, state="end", data={**event.data, **times, "reason": REASON})
