"""Results are final when a session's media is over."""

import pytest

from argusd.interviewer_bridge import finalize as module
from argusd.interviewer_bridge.errors import NotThere
from argusd.interviewer_bridge.finalize import finalize
from argusd.scheduler.contract.results import Results


class Session:
    """Goes through its states, one at each look; the last one stays."""

    def __init__(self, *states: str) -> None:
        self.looks = 0
        self._states = states

    async def read(self) -> Results:
        state = self._states[min(self.looks, len(self._states) - 1)]
        self.looks += 1
        return Results("s", state, {}, {})


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY_S", 0.0)


@pytest.mark.parametrize("last", ["closed", "lost", "created"])
async def test_a_session_without_media_is_final(last: str) -> None:
    session = Session(last)
    assert (await finalize(session.read)).state == last
    assert session.looks == 1


async def test_the_end_of_media_is_waited_for() -> None:
    session = Session("connecting", "live", "stale", "closed")
    assert (await finalize(session.read)).state == "closed"
    assert session.looks == 4


async def test_media_that_go_on_are_told_as_they_are() -> None:
    session = Session("live")
    assert (await finalize(session.read, within_s=0.0)).state == "live"


async def test_what_cannot_be_read_is_raised() -> None:
    async def gone() -> Results:
        raise NotThere("There is no such session.", code="session_not_found", status=404)

    with pytest.raises(NotThere):
        await finalize(gone)
