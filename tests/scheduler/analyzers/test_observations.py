from argusd.scheduler.analyzers.observations import ObservationPace


def told(pace: ObservationPace, *looks: tuple[float, int]) -> list[float]:
    return [media_s for media_s, key in looks if pace.due(media_s, key)]


def test_at_most_the_rate_while_nothing_changes() -> None:
    looks = [(tenth / 10, 1) for tenth in range(25)]
    assert told(ObservationPace(1.0), *looks) == [0.0, 1.0, 2.0]


def test_a_change_is_told_at_once_and_restarts_the_pace() -> None:
    looks = [(0.0, 1), (0.5, 1), (0.6, 2), (1.0, 2), (1.6, 2)]
    assert told(ObservationPace(1.0), *looks) == [0.0, 0.6, 1.6]


def test_a_rate_of_nought_tells_changes_alone() -> None:
    assert told(ObservationPace(0.0), (0.0, 1), (99.0, 1), (100.0, 2)) == [0.0, 100.0]
