"""What every engine is tried on."""

import pytest

from ..graphs import of_one_node


@pytest.fixture
def doubling() -> bytes:
    """A graph that doubles f32 ``[B, 2]``."""
    return of_one_node("Add", "x", "x")


@pytest.fixture
def passing() -> bytes:
    """A graph whose output f32 ``[B, 2]`` is its input, in the same memory where an engine can do so."""
    return of_one_node("Identity", "x")
