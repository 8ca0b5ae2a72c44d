from collections import Counter

import numpy as np
import pytest

from argusd.benchmarks.films.drawn import HEIGHT, SCENES, WIDTH, film
from argusd.benchmarks.films.played import Played
from argusd.benchmarks.gates import differences, latest_start
from argusd.scheduler.core import Outcome


def told(*starts_s: float, name: str = "multiple_faces") -> Played:
    """What was told of violations that started then and lasted for 3 s."""
    outcomes = []
    for start_s in starts_s:
        outcomes += [
            (start_s, Outcome("violation", name, "start", 1.0)),
            (start_s + 2, Outcome("violation", name, "update", 1.0)),
            (start_s + 3, Outcome("violation", name, "end", 1.0)),
        ]
    return Played(outcomes, Counter(), 0.0)


def test_what_is_found_within_a_frame_is_the_same() -> None:
    assert list(differences(told(5.0, 20.05), told(5.0, 20.0))) == []
    assert list(differences(told(4.5), told(5.0))) == []


def test_what_comes_late_is_missing_or_is_too_much_is_a_difference() -> None:
    assert list(differences(told(5.0, 20.3), told(5.0, 20.0))) == ["a violation starts 0.30 s late"]
    assert latest_start(told(5.0, 20.3), told(5.0, 20.0)) == pytest.approx(0.3)
    for one, other in ((told(5.0), told(5.0, 20.0)), (told(5.0), told(5.0, name="face_absent"))):
        (sentence,) = differences(one, other)
        assert sentence.startswith("violations are")
        assert list(differences(other, one)) != []


@pytest.mark.parametrize("name", SCENES)
def test_films_are_pictures_of_what_they_say(name: str) -> None:
    portrait = np.full((512, 512, 3), (20, 40, 200), np.uint8)
    (begin_s, planes), *_, (end_s, last) = film(portrait, SCENES[name], 0.4)
    assert begin_s == 0.0
    assert end_s == pytest.approx(5 / 15)
    assert [plane.shape for plane in planes] == [(HEIGHT, WIDTH), *[(HEIGHT // 2, WIDTH // 2)] * 2]
    assert any((plane != other).any() for plane, other in zip(planes, last, strict=True))
    shown = [people(0.0) for people in (SCENES["empty"], SCENES[name])]
    redder = float((planes[2] > 150).mean())
    assert (redder > 0.1) == (len(shown[1]) > len(shown[0]))
