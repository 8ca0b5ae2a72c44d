"""For all tests: properties are judged by what they find, not by how long a busy machine takes over one.

At its end a run says how many tests it skipped, and why.
"""

from collections import Counter

import pytest
from hypothesis import settings

settings.register_profile("argusd", deadline=None)
settings.load_profile("argusd")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A file that skips as one counts as one."""
    reasons = Counter(reason_of(report) for report in terminalreporter.stats.get("skipped", []))
    terminalreporter.section(f"{reasons.total()} skipped")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count:5}  {reason}")


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """What the test itself said; pytest has it as (path, line, "Skipped: …")."""
    return str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr).removeprefix(
        "Skipped: "
    )
