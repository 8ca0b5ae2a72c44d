from argusd.api.sessions.ages import Ages


class Clock:
    """A wall clock that tests set."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_that_is_stored_is_as_old_as_the_wall_clock_says() -> None:
    ages = Ages(wall := Clock())
    ages.begin("s1", wall.now - 30, now=5.0)
    assert ages.of("s1", wall.now - 30, now=6.0) == 31


def test_a_change_counts_from_when_it_was_and_not_from_when_it_is_seen() -> None:
    ages = Ages(wall := Clock())
    ages.begin("s1", wall.now, now=0.0)
    wall.now += 10
    assert ages.of("s1", wall.now - 4, now=10.0) == 4


def test_a_wall_clock_that_is_set_makes_no_session_older_than_since_the_last_look() -> None:
    ages = Ages(wall := Clock())
    changed_at = wall.now
    ages.begin("s1", changed_at, now=0.0)
    wall.now += 3600
    assert ages.of("s1", changed_at, now=1.0) == 1, "it has not changed"
    assert ages.of("s1", changed_at + 0.5, now=3.0) == 2
    wall.now -= 7200
    assert ages.of("s1", changed_at + 1, now=4.0) == 0, "it changes in the future"


def test_of_who_is_not_known_nothing_is_kept() -> None:
    ages = Ages(Clock())
    ages.begin("s1", 0.0, now=0.0)
    ages.forget("s1")
    assert ages.of("s1", 0.0, now=5.0) == 0
