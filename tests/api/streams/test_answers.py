"""The queue between looks and one client."""

import asyncio
from typing import Any

import pytest

from argusd.api.streams.answers import MOST_WAITING, Answers
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Latest


def latest(number: int, skipped: int = 0) -> Latest:
    return Latest(MediaKey("s", "face"), "face", float(number), 1.0, skipped, {}, {})


async def test_answers_come_in_order_with_what_was_skipped() -> None:
    answers = Answers()
    for number in range(3):
        answers.put(latest(number, skipped=number))
    taken: list[Any] = [await answers.next() for _ in range(3)]
    assert [(each.captured_at, each.skipped) for each in taken] == [(0, 0), (1, 1), (2, 2)]


async def test_a_slow_client_misses_the_oldest_and_is_told_how_many() -> None:
    answers = Answers()
    for number in range(MOST_WAITING + 3):
        answers.put(latest(number, skipped=10))
    first, second = await answers.next(), await answers.next()
    assert (first.captured_at, first.skipped) == (3, 3 * 11 + 10)
    assert second.skipped == 10


async def test_who_asks_early_waits() -> None:
    answers = Answers()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await answers.next()
    waiting = asyncio.create_task(answers.next())
    answers.put(latest(7))
    assert (await waiting).captured_at == 7
