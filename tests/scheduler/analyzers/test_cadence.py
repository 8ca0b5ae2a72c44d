from argusd.scheduler.analyzers.cadence import Cadence
from argusd.scheduler.contract.policy import Gates, Hold

ON, OFF = Gates(calm_session=True), Gates()
SHORT, LONG = Hold(start_after_s=0.6), Hold(start_after_s=20.0)


class Role:
    """One role of 8 Hz, which looks whenever it is due."""

    def __init__(self, *judged: Hold) -> None:
        self.cadence = Cadence()
        self.judged = judged or (SHORT,)
        self.now = 0.0
        self.looks = 0

    @property
    def hz(self) -> float:
        return self.cadence.rate(ON, 8.0, *self.judged)

    def look(self, seconds: float, *, doubt: bool = False) -> None:
        until = self.now + seconds
        while self.now < until:
            self.cadence.see(self.now, 8.0, doubt)
            self.looks += 1
            self.now += 1 / self.hz


def test_who_looks_at_its_own_rate_while_the_gate_is_off() -> None:
    role = Role()
    role.look(30)
    assert role.cadence.rate(OFF, 8.0, SHORT) == 8.0


def test_a_session_is_calm_once_nothing_was_suspicious_for_a_while() -> None:
    role = Role()
    role.look(9)
    assert role.hz == 8.0
    role.look(3)
    assert role.hz == 4.0
    role.look(0.1, doubt=True)
    role.look(5)
    assert role.hz == 8.0


def test_doubt_spends_what_was_saved_and_no_more() -> None:
    role = Role()
    role.look(5, doubt=True)
    assert role.hz == 8.0, "nothing was saved yet"
    role.look(20)
    role.look(0.1, doubt=True)
    assert role.hz == 16.0
    role.look(60, doubt=True)
    assert role.hz == 8.0
    assert role.looks <= 8 * role.now + 1


def test_only_so_much_is_saved() -> None:
    role = Role(LONG)
    role.look(600)
    role.look(30, doubt=True)
    before = role.looks
    role.look(10, doubt=True)
    assert role.looks - before == 80


def test_a_look_comes_before_the_shortest_violation_is_over() -> None:
    role = Role(LONG, Hold(start_after_s=0.2))
    role.look(20)
    assert role.hz == 5.0
    assert Role(Hold(start_after_s=0.05)).hz == 8.0
    off = Role(LONG, Hold(start_after_s=0.2, enabled=False))
    off.look(20)
    assert off.hz == 4.0, "what is not judged needs no looks"


def test_a_media_clock_that_begins_anew_begins_a_session_anew() -> None:
    role = Role()
    role.look(30)
    role.cadence.see(0.0, 8.0, doubt=False)
    assert role.hz == 8.0
