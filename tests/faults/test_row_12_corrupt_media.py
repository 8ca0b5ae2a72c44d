"""Pictures and sounds whose headers lie, through the whole daemon: each is refused or understood."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..headers import PICTURES, SOUNDS, lying
from ..live_daemon import Daemon
from ..task_client import Client
from .outcome import Outcome
from .readiness import until_ready

pytestmark = [
    pytest.mark.weights,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    # Of an example that fails: it is a file.
    pytest.mark.filterwarnings("ignore:Generating overly large repr"),
]

EXAMPLES = 25
MOST_GROWTH = 64 << 20
PROCESSES = ("api", "scheduler-0", "scheduler-bulk")
Asked = tuple[str, str, dict[str, Any]]  # path, field of the file, what else the task needs
SCAN = "/video/room-scan/frame"
LOOKING: list[Asked] = [("/face/embed", "image_b64", {}), (SCAN, "frame_b64", {"scan_id": "lying"})]
HEARING: list[Asked] = [("/audio/enroll", "audio_b64", {}), ("/audio/diarize", "audio_b64", {})]


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A task's path, and its body with a file that lies."""
    tasks, claims = draw(st.sampled_from([(LOOKING, PICTURES), (HEARING, SOUNDS)]))
    path, field, rest = draw(st.sampled_from(tasks))
    return path, {**rest, field: draw(lying(claims))}


def memory(daemon: Daemon) -> dict[str, int]:
    """Resident bytes of each process that callers' bytes pass through."""
    return {name: daemon.child(name).memory_info().rss for name in PROCESSES}


def pids(daemon: Daemon) -> list[int]:
    return [daemon.child(name).pid for name in PROCESSES]


@pytest.mark.fault(12, "corrupt or bomb image or audio")
def test_each_is_refused_or_understood(daemon: Daemon, outcome: Outcome) -> None:
    until_ready(daemon, "live,bulk")
    client, alive = Client(daemon), pids(daemon)
    client.result(SCAN, scan_id="lying", frame_b64=PICTURES[0].file)
    before: dict[str, int] = {}

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), database=None)
    @given(requests())
    def each(request: tuple[str, dict[str, Any]]) -> None:
        path, body = request
        status, answer = client.post(path, **body)
        assert status == 200 or 400 <= status < 500, answer
        if not before:
            before.update(memory(daemon))

    each()
    outcome.lost(0)
    after = memory(daemon)
    assert {name: after[name] - before[name] > MOST_GROWTH for name in before} == dict.fromkeys(before, False)
    assert pids(daemon) == alive
