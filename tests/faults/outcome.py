"""What a test saw of the fault that it tried, for the table (``table.py``)."""

import pytest


class Outcome:
    """``strict``: what took longer than it may fails the test, too; the table says it in any case."""

    def __init__(self, item: pytest.Item, *, strict: bool) -> None:
        self._item = item
        self._strict = strict

    def recovered(self, seconds: float) -> None:
        """All was well again so long after the fault."""
        self._item.user_properties.append(("recovered_s", seconds))

    def lost(self, count: int) -> None:
        """So much was lost: events, frames or calls, as the row says."""
        self._item.user_properties.append(("lost", count))

    def took(self, what: str, seconds: float, limit_s: float) -> None:
        """Something in the course of it took so long, and may take so long."""
        self._item.user_properties.append(("took", (what, seconds, limit_s)))
        assert not self._strict or seconds <= limit_s, f"{what}: {seconds:.2f} s"
