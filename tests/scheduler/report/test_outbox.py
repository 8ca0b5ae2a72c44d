from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Finding
from argusd.scheduler.report.outbox import Outbox

Kind = Literal["violation", "observation"]


def finding(number: int, kind: Kind = "violation") -> Finding:
    return Finding(
        boot="b",
        number=number,
        media=MediaKey("s"),
        type=kind,
        stream="face",
        name="n",
        state="start",
        severity="info",
        confidence=1.0,
        captured_at=0.0,
        media_s=0.0,
        frame_age_ms=0.0,
        data={},
    )


def numbers(outbox: Outbox) -> list[int]:
    return [kept.number for kept in outbox]


def test_findings_are_kept_in_order_until_they_are_acknowledged() -> None:
    outbox = Outbox(10)
    for number in range(1, 6):
        outbox.put(finding(number))
    outbox.acknowledge(3)
    assert numbers(outbox) == [4, 5]
    outbox.acknowledge(3)  # again
    assert numbers(outbox) == [4, 5]
    assert outbox.lost == 0


def test_when_it_is_full_the_oldest_observation_goes() -> None:
    outbox = Outbox(3)
    outbox.put(finding(1))
    outbox.put(finding(2, "observation"))
    outbox.put(finding(3, "observation"))
    outbox.put(finding(4))
    assert numbers(outbox) == [1, 3, 4]
    assert outbox.lost == 1


def test_violations_go_only_when_nothing_else_is_left() -> None:
    outbox = Outbox(2)
    for number in range(1, 5):
        outbox.put(finding(number))
    assert numbers(outbox) == [3, 4]
    assert outbox.lost == 2


@given(st.lists(st.sampled_from(["violation", "observation", "ack"])), st.integers(1, 5))
def test_it_never_holds_more_than_its_limit_and_accounts_for_all(steps: list[str], limit: int) -> None:
    outbox, number, acknowledged = Outbox(limit), 0, 0
    for step in steps:
        if step == "ack":
            before = len(outbox)
            outbox.acknowledge(number)
            acknowledged += before - len(outbox)
        else:
            number += 1
            outbox.put(finding(number, "violation" if step == "violation" else "observation"))
        assert len(outbox) <= limit
        assert numbers(outbox) == sorted(numbers(outbox))
        assert number == len(outbox) + acknowledged + outbox.lost
