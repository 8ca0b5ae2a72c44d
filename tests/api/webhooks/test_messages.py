from pathlib import Path
from typing import Any

import msgspec
import pytest

from argusd.api.events.frames import Page, frame
from argusd.api.webhooks.config import WebhookConfig
from argusd.api.webhooks.messages import messages
from argusd.scheduler.contract.events import Event


def event(session_id: str = "s1", **changes: Any) -> Event:
    fields: dict[str, Any] = {
        "id": f"{session_id}:7",
        "session_id": session_id,
        "seq": 7,
        "type": "violation",
        "stream": "video",
        "name": "phone_detected",
        "state": "start",
        "captured_at": 1_700_000_000.25,
        "data": {"media_s": 4.5},
    }
    return Event(**{**fields, **changes})


def page(*events: tuple[int, Event], begin: int = 0, end: int = 0) -> Page:
    frames = [(position, frame(str(position), msgspec.json.encode(each))) for position, each in events]
    return Page(begin, end or frames[-1][0], frames)


def config(**settings: Any) -> WebhookConfig:
    return WebhookConfig(name="exams", url="https://app.example/", secret_file=Path("secret"), **settings)


def test_a_message_is_the_event_as_readers_get_it_under_its_type() -> None:
    (message,) = messages(config(), page((1, event())), 0)
    assert msgspec.json.decode(message.body) == {
        "type": "violation.phone_detected.start",
        "timestamp": "2023-11-14T22:13:20.250000Z",
        "data": msgspec.to_builtins(event()),
    }


def test_an_event_has_the_same_id_wherever_it_stands_and_no_other_event_has() -> None:
    (one,), (same,) = messages(config(), page((1, event())), 0), messages(config(), page((9, event())), 8)
    (other,) = messages(config(), page((1, event(captured_at=1_700_000_001.0))), 0)
    assert one.message_id == same.message_id != other.message_id
    assert "." not in one.message_id, "the full stop is what sets the parts of what is signed apart"


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({}, ["s1", "kyc-2"]),
        ({"types": ("observation",)}, ["kyc-1"]),
        ({"names": ("closed",)}, ["kyc-2"]),
        ({"session_prefix": "kyc-"}, ["kyc-2"]),
        ({"session_prefix": "kyc-", "types": ("violation",)}, []),
    ],
)
def test_a_webhook_gets_what_it_is_set_to(settings: dict[str, Any], wanted: list[str]) -> None:
    told = page(
        (1, event("s1")),
        (2, event("kyc-1", type="observation", name="face")),
        (3, event("kyc-2", type="session", name="closed")),
    )
    assert [message.session_id for message in messages(config(**settings), told, 0)] == wanted


def test_what_is_missing_is_told_as_a_gap_whatever_is_wanted() -> None:
    told = page((4, event()), (5, event()), (9, event()), end=12)
    found = list(messages(config(types=("session",)), told, 4))
    assert [(each.position, each.session_id) for each in found] == [(8, ""), (12, "")]
    assert [msgspec.json.decode(each.body)["data"] for each in found] == [{"missed": 3}, {"missed": 3}]
