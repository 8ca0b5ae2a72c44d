"""Pages that are read at the same time."""

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from argusd.scheduler.models.text.pages import Pages

from ....waiting import LONGEST_S


def test_a_lone_page_has_all_cores_and_several_share_them() -> None:
    pages = Pages(cores=8, most=3)
    assert pages.threads == 8
    with pages.one():
        assert pages.threads == 8
        with pages.one(), pages.one():
            assert pages.threads == 2
        assert pages.threads == 8


def test_a_page_has_a_thread_however_few_cores_there_are() -> None:
    pages = Pages(cores=1, most=2)
    with pages.one(), pages.one():
        assert pages.threads == 1


def test_no_more_than_the_limit_are_at_work() -> None:
    pages = Pages(cores=4, most=2)
    begun = [threading.Event() for _ in range(3)]
    go_on = threading.Event()

    def read(number: int) -> None:
        with pages.one():
            begun[number].set()
            go_on.wait()

    with ThreadPoolExecutor(3) as threads, pages.one():
        threads.submit(read, 0)
        assert begun[0].wait(LONGEST_S)
        waiting = threads.submit(read, 1)
        assert not begun[1].is_set()
        go_on.set()
        waiting.result(10)
    assert begun[1].is_set()


def test_the_library_is_hushed_until_the_last_page_is_read() -> None:
    pages = Pages(cores=2, most=2)
    first, second = pages.one(), pages.one()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    warnings.warn("'pin_memory' argument is set as true", UserWarning, stacklevel=1)
    second.__exit__(None, None, None)
    with pytest.warns(UserWarning, match="pin_memory"):
        warnings.warn("'pin_memory' argument is set as true", UserWarning, stacklevel=1)
