"""How many offers a client may have whose media have not come yet."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from argusd.api.sessions.half_open import HalfOpen
from argusd.api.sessions.registry import Registry
from argusd.api.store.unreadable import Unreadable

from ..fixtures import make_config


@pytest.fixture
def half_open(tmp_path: Path) -> HalfOpen:
    """Of a client that may have two; of no session it is asked what media it has."""
    redis = Redis()  # is never connected
    return HalfOpen(Registry(redis, make_config(tmp_path), Unreadable(redis, 600)), 2)


def test_a_client_that_has_as_many_as_it_may_makes_room_for_another_itself(half_open: HalfOpen) -> None:
    with half_open.answering("s1", "one"), half_open.answering("s2", "one"):
        assert half_open.place_for("s2", crowded=False) == "free"
        with half_open.answering("s3", "one"), half_open.answering("s4", "another"):
            assert half_open.place_for("s3", crowded=False) == "of_client"
            assert half_open.place_for("s4", crowded=False) == "free"
            assert half_open.place_for("s4", crowded=True) == "of_any"


def test_what_has_been_answered_and_is_no_session_counts_no_more(half_open: HalfOpen) -> None:
    for session_id in ("s1", "s2"):
        with half_open.answering(session_id, "one"):
            pass
    with half_open.answering("s3", "one"):
        assert half_open.place_for("s3", crowded=True) is None, "nobody else is there who could give way"


def test_of_two_offers_for_a_session_the_one_that_is_left_still_counts(half_open: HalfOpen) -> None:
    with half_open.answering("s1", "one"):
        with half_open.answering("s1", "one"):
            pass
        assert half_open.place_for("s1", crowded=False) == "free"
