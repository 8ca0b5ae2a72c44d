"""For all tests: properties are judged by what they find, not by how long a busy machine takes over one.

At its end a run says what became of faults and of what was fuzzed, what was measured, how many tests it
skipped, and why.
``--fault-repeats`` says how often each fault is tried; ``make faults`` and ``make hosts`` ask for many.
"""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

import argusd.scheduler.engines  # noqa: F401 - before a test loads ONNX Runtime, which it keeps quiet

from .faults.outcome import Outcome
from .faults.table import fault_table
from .fuzz.table import fuzz_table
from .kernels.cuda.host_device import built
from .media import OURS, VOICES, Eyes, Shots, Voices, published

settings.register_profile("argusd", deadline=None)
settings.load_profile("argusd")


@pytest.fixture(scope="session")
def media() -> Path:
    """A folder of people to be seen and heard; ``media.py`` says whom."""
    return published()


@pytest.fixture(scope="session")
def kernels_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The CUDA kernels as a library of the host, which takes seconds to build."""
    if shutil.which("g++") is None:
        pytest.skip("g++ is not installed")
    return built(tmp_path_factory.mktemp("kernels"))


@pytest.fixture(scope="session", params=VOICES, ids=str)
def voices(request: pytest.FixtureRequest) -> Voices:
    found: Voices = request.param
    return found


@pytest.fixture(scope="session", params=["published", "ours"][: 1 + OURS.is_dir()])
def eyes(request: pytest.FixtureRequest, media: Path) -> Eyes:
    if request.param == "ours":
        return Eyes(OURS / "gaze_left.mp4", OURS / "gaze_focus.mp4")
    return Eyes(media / "eyes_aside.mp4", media / "eyes_ahead.mp4")


@pytest.fixture(scope="session", params=["published", "ours"][: 1 + OURS.is_dir()])
def shots(request: pytest.FixtureRequest, media: Path) -> Shots:
    if request.param == "published":
        return Shots(media / "shots.mp4", ((0.0, 5.0),), (5.0, 10.0), {2})
    # A singer far away; one man's profile, very near, before a blurred audience; the singer from the waist
    # up; three spectators, and behind them a fourth face.
    return Shots(OURS / "short_hamilton_clip.mp4", ((0.0, 0.67), (3.24, 7.04)), (7.04, 9.0), {2, 3, 4})


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    """What a test makes of the process' log, as each of our commands does, is of no test after it."""
    loggers = [logging.getLogger(name) for name in (None, "aioice", "aiortc", "aiohttp.access")]
    levels = [logger.level for logger in loggers]
    handlers = logging.root.handlers[:]
    yield
    logging.root.handlers[:] = handlers
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


@pytest.fixture
def repeats(request: pytest.FixtureRequest) -> int:
    """How often each fault is tried."""
    count: int = request.config.getoption("--fault-repeats")
    return count


@pytest.fixture
def outcome(request: pytest.FixtureRequest, repeats: int) -> Outcome:
    """Only a run that tries a fault many times holds it to its limits of time."""
    return Outcome(request.node, strict=repeats > 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-repeats", type=int, default=1, help="how often each fault is tried")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    repeats = metafunc.config.getoption("--fault-repeats")
    if repeats > 1 and tries_a_fault(metafunc.definition):
        metafunc.fixturenames.append("repeat")
        metafunc.parametrize("repeat", range(1, repeats + 1))


def tries_a_fault(test: pytest.Function) -> bool:
    """Whether a test, or one of the cases that it is parametrized with, is marked as a fault's."""
    cases = [case for mark in test.iter_markers("parametrize") for case in mark.args[1]]
    marks = [*test.iter_markers(), *(mark for case in cases for mark in getattr(case, "marks", ()))]
    return any(mark.name == "fault" for mark in marks)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if marker := item.get_closest_marker("fault"):
            item.user_properties.append(("fault", marker.args))


# The tests of such a folder share a daemon or a browser, those of others at most what their file starts.
SHARING = {f"tests/{name}" for name in ("faults", "hosts", "live", "peers", "systemd")}


class Together(LoadScopeScheduling):  # type: ignore[misc]  # it has no types
    """Of tests that share something one process runs all, where several run the suite (``pytest -n``)."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder in SHARING else file

    def remove_node(self, node: WorkerController) -> str | None:
        """Have others do what a process that ended had still to do; returns the test that it ended in.

        xdist's own would hand on that test as well, and what is done: then it waits for ever.
        """
        workload = self.assigned_work.pop(node)
        to_do: list[str] = [test for unit in workload.values() for test, done in unit.items() if not done]
        if not to_do:
            return None
        workload[self._split_scope(to_do[0])][to_do[0]] = True
        self.workqueue.update({scope: unit for scope, unit in workload.items() if not all(unit.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return to_do[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Its groups by ``xdist_group`` are of no use: pytest 9.2 does not show a node's new name to them."""
    return Together(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A file that skips as one counts as one."""
    stats = terminalreporter.stats
    ran = [report for outcome in ("passed", "failed", "error") for report in stats.get(outcome, [])]
    skipped = Counter(reason_of(report) for report in stats.get("skipped", []))
    reasons = [f"{count:5}  {reason}" for reason, count in skipped.most_common()]
    # A file that could not be collected has no properties.
    properties = [each for report in ran for each in getattr(report, "user_properties", [])]
    measured = [text for name, text in properties if name == "measured"]
    tables = {
        "fault table": fault_table(ran),
        "fuzzed": fuzz_table(ran),
        "measured": measured,
        f"{skipped.total()} skipped": reasons,
    }
    for title, lines in tables.items():
        if lines:
            terminalreporter.section(title)
            terminalreporter.write("\n".join(lines) + "\n")


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """What the test itself said; pytest has it as (path, line, "Skipped: …")."""
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix(
        "Skipped: "
    )
