"""Pictures that change their size: now and then, and without end."""

from argusd.ingest.decoding.resizing import EVERY_NS, MOST_AT_ONCE, SizeChanges

SMALL, LARGE = (48, 64), (480, 640)


def alternating(changes: SizeChanges, count: int, apart_ns: int) -> list[bool]:
    return [changes.allows((LARGE, SMALL)[n % 2], n * apart_ns) for n in range(count)]


def test_a_few_changes_at_once_are_taken_and_then_one_now_and_then() -> None:
    taken = alternating(SizeChanges(), 1000, EVERY_NS // 50)
    assert taken[:MOST_AT_ONCE] == [True] * MOST_AT_ONCE
    later = taken[MOST_AT_ONCE:]
    # The size that came last is no change; of the others one every so often is.
    assert later.count(True) - later.count(False) <= 2 * 1000 // 50


def test_changes_that_come_slowly_are_all_taken() -> None:
    assert all(alternating(SizeChanges(), 100, EVERY_NS))


def test_pictures_of_one_size_are_taken_at_any_rate() -> None:
    changes = SizeChanges()
    assert all(changes.allows(SMALL, 0) for _ in range(1000))


def test_a_size_that_stays_is_taken_before_long() -> None:
    changes = SizeChanges()
    alternating(changes, 1000, 0)
    assert not changes.allows(LARGE, EVERY_NS - 1) or not changes.allows(SMALL, EVERY_NS - 1)
    assert changes.allows(LARGE, 2 * EVERY_NS)
    assert changes.allows(LARGE, 2 * EVERY_NS)
