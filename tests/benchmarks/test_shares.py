import pytest

from argusd.benchmarks.report.shares import Held, shares


def held(api: float, scheduler: float) -> dict[str, Held]:
    return {"api": Held(api, 0, 0), "scheduler 0": Held(scheduler, 0, 0)}


def test_batches_take_what_is_not_the_sessions() -> None:
    idle = held(70, 200)
    steps = {count: held(70 + count, 300 + 2 * count) for count in (2, 6, 12)}
    found = shares("websocket", idle, steps, full=held(82, 400))
    session = found["session by websocket: resident"]
    assert session.value == pytest.approx(3)
    assert session.meaning == "of each further session, from 2 to 12: api 1.00, scheduler 0 2.00"
    assert found["batches by websocket: resident"].value == pytest.approx(482 - 270 - 12 * 3)


def test_a_process_that_came_and_went_is_no_sessions() -> None:
    steps = {count: held(70 + count, 300) for count in (2, 6, 12)}
    steps[2]["scheduler bulk"] = Held(700, 700, 700)
    found = shares("websocket", held(70, 300), steps, full=held(82, 300))
    assert found["session by websocket: resident"].value == pytest.approx(1)
