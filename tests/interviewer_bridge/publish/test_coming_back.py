"""What counts as a loss, and when a publisher tries again."""

import pytest

from argusd.interviewer_bridge.errors import (
    BridgeError,
    ConnectionNotMade,
    HolderUnreachable,
    PublishRefused,
    Unreachable,
)
from argusd.interviewer_bridge.publish.coming_back import is_loss, wait_before_again, wait_before_first
from argusd.scheduler.contract.events import Event, Gap


def told(name: str, reason: str = "", seq: int = 9) -> Event:
    return Event(
        session_id="s",
        seq=seq,
        type="session",
        stream="media",
        name=name,
        state="end",
        captured_at=1.0,
        data={"reason": reason},
    )


@pytest.mark.parametrize(
    ("event", "lost"),
    [
        (told("session_lost", "host_lost"), True),
        (told("session_lost", "worker_lost"), True),
        (told("session_lost", "host_lost", seq=5), False),  # of the publication before
        (told("closed", "silent"), True),
        (told("closed", "shutdown"), True),
        (told("closed", "client"), False),
        (told("closed", "deleted"), False),
        (told("closed", "replaced"), False),  # else two publishers would replace each other for ever
        (told("stale"), False),
        (Gap("s", missed=3), False),
    ],
)
def test_what_is_a_loss(event: Event | Gap, lost: bool) -> None:
    assert is_loss(event, after=5) is lost


def refused(status: int, retry_after_s: float | None = None) -> PublishRefused:
    return PublishRefused(status, "code", "No.", retry_after_s)


@pytest.mark.parametrize(
    ("error", "attempt", "wait_s"),
    [
        pytest.param(Unreachable("x"), 0, 0.2, id="another host is there"),
        pytest.param(Unreachable("x"), 1, None, id="all hosts were asked"),
        pytest.param(HolderUnreachable("x"), 3, 1.6, id="a dead host, still taken for alive"),
        pytest.param(HolderUnreachable("x"), 99, 5.0, id="the wait grows up to a limit"),
        pytest.param(refused(503, 3.0), 4, 3.0, id="no room: when the daemon says"),
        pytest.param(refused(503), 0, None, id="no room, and no word of when"),
        pytest.param(refused(503, 11.0), 0, None, id="too late"),
        pytest.param(refused(409, 1.0), 0, None, id="somebody else publishes"),
        pytest.param(ConnectionNotMade("x"), 0, None, id="no path"),
    ],
)
def test_the_first_publication_is_patient_with_a_full_daemon_alone(
    error: BridgeError, attempt: int, wait_s: float | None
) -> None:
    assert wait_before_first(error, attempt, 10.0, hosts=2) == wait_s


@pytest.mark.parametrize(
    ("error", "attempt", "wait_s"),
    [
        pytest.param(Unreachable("x"), 0, 0.2, id="the lost host, still taken for alive"),
        pytest.param(Unreachable("x"), 9, 5.0, id="the wait grows up to a limit"),
        pytest.param(ConnectionNotMade("x"), 1, 0.4, id="no path"),
        pytest.param(refused(503, 3.0), 0, 3.0, id="no room: when the daemon says"),
        pytest.param(refused(503, 0.0), 0, 0.2, id="but not at once"),
        pytest.param(refused(502), 2, 0.8, id="a front door that does not reach the host"),
        pytest.param(refused(503, 11.0), 0, None, id="too late"),
        pytest.param(refused(401), 0, None, id="no right to it"),
        pytest.param(refused(409), 0, None, id="somebody else publishes"),
    ],
)
def test_what_was_lost_is_tried_again_while_there_is_hope(
    error: BridgeError, attempt: int, wait_s: float | None
) -> None:
    assert wait_before_again(error, attempt, 10.0) == wait_s
