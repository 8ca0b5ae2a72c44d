"""Violations that have started and not ended, and the end of those whose scheduler is no more.

The scheduler that found a violation tells its end. One that was killed cannot, and the next one begins to
look anew: it knows of no violation, and may start the same one again. So the ledger, which knows every start
that is stored, ends what another life of the scheduler has left open.
"""

import msgspec

from argusd.scheduler.contract.events import Event

REASON = "scheduler_lost"


class OpenViolation(msgspec.Struct, frozen=True):
    """The newest event of a violation that goes on. ``origin``: the boot of the scheduler that found it."""

    origin: str
    event: Event


def field(event: Event) -> str:
    """What tells a session's violations apart."""
    return f"{event.stream}:{event.name}"


def end_of(event: Event) -> Event:
    """The end that nobody told, as of when the violation was last seen to go on."""
    last_s = float(event.data.get("end_s", event.data.get("media_s", 0.0)))
    start_s = float(event.data.get("start_s", last_s))
    times = {"start_s": start_s, "end_s": last_s, "duration_s": round(max(0.0, last_s - start_s), 3)}
    return msgspec.structs.replace(event, state="end", data={**event.data, **times, "reason": REASON})
