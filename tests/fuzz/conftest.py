"""How long to fuzz, and how many cases each target had (``table.py``).

``--fuzz-seconds`` is for each target; ``make fuzz`` asks for many. Without it there is a fixed number of
cases, the same ones in every run.
"""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-seconds", type=float, default=0.0, help="how long each target is fuzzed")


@pytest.fixture
def fuzz_seconds(pytestconfig: pytest.Config) -> float:
    """0: a fixed number of cases."""
    return float(pytestconfig.getoption("--fuzz-seconds"))


class Cases:
    """How many a test had, for the table."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def count(self, target: str, cases: int) -> None:
        """So many were tried."""
        self._item.user_properties.append(("fuzzed", (target, cases)))


@pytest.fixture
def cases(request: pytest.FixtureRequest) -> Cases:
    return Cases(request.node)
