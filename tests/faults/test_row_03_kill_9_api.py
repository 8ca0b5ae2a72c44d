"""The api is killed: who follows a session comes back by itself, and nothing that was found is missing."""

import time
from contextlib import aclosing

import pytest

from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Gap

from ..live_daemon import Daemon, next_event
from .outcome import Outcome

pytestmark = [pytest.mark.weights, pytest.mark.timeout(300)]
AFTERWARDS = 10  # events that are awaited once the api is back


@pytest.mark.fault(3, "kill -9 api")
async def test_readers_resume_and_no_event_is_lost(daemon: Daemon, outcome: Outcome) -> None:
    session_id = f"api-dies-{time.monotonic_ns()}"
    with daemon.publishing("--synthetic", session_id) as publisher:
        next_event(publisher, "live")
        async with aclosing(subscribe(daemon.url, session_id, last_event_id="0")) as events:
            ingest, seqs, killed_at, back_at = daemon.child("ingest-0"), list[int](), 0.0, 0.0
            async for event in events:
                assert not isinstance(event, Gap), event
                assert event.name not in ("session_lost", "closed")
                seqs.append(event.seq)
                if not killed_at and event.name == "face":
                    killed_at, before = time.monotonic(), len(seqs)
                    daemon.child("api").kill()
                elif killed_at and not back_at:
                    back_at = time.monotonic()
                elif back_at and len(seqs) >= before + AFTERWARDS:
                    break
    outcome.recovered(back_at - killed_at)
    outcome.lost(seqs[-1] - len(set(seqs)))
    assert seqs == list(range(1, len(seqs) + 1))
    assert daemon.child("ingest-0") == ingest, "the session went on where it was"
