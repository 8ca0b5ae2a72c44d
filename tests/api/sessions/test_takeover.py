"""Who published a session comes back: the newest publisher has it, and only the older one's media end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from argusd.api.config import Token
from argusd.ingest.ipc.messages import SessionState

from ..fakes import S1, FakeWorker
from ..fixtures import OFFER, SDP, Rig, RunningApi, running_rig

CANDIDATE, EXAMINER = {"Authorization": "Bearer candidate"}, {"Authorization": "Bearer examiner"}


async def told(api: RunningApi, session_id: str, count: int, **headers: Any) -> list[tuple[str, str]]:
    """The first events of a session: name and reason."""
    async with api.events(f"/sessions/{session_id}/events", "0") as events:
        return [(event["name"], event["data"].get("reason", "")) for _, _, event in await events.take(count)]


async def test_the_newest_publisher_has_the_session_and_its_events_go_on(rig: Rig) -> None:
    first = await rig.api.publish("s1")
    rig.worker.say(SessionState("s1", "live"))
    await rig.api.until("/sessions/s1", lambda body: body["state"] == "live")
    async with rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) as response:
        assert response.status == 201
        assert response.headers["Location"] != first
        assert "after=3>" in response.headers["Link"]  # connecting, live, closed are the older media's
    assert [offer.replace for offer in rig.worker.opened] == [False, True]
    assert await told(rig.api, "s1", 4) == [
        ("connecting", ""),
        ("live", ""),
        ("closed", "replaced"),
        ("connecting", ""),
    ]


async def test_what_was_open_ends_before_the_older_media_is_closed(rig: Rig) -> None:
    await rig.api.publish("s1")
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    rig.scheduler.answers_ends = False
    again = asyncio.ensure_future(rig.api.publish("s1"))
    await rig.scheduler.until(lambda: S1 not in rig.scheduler.policies)
    rig.scheduler.find("s1", type="violation", name="face_absent", state="end")
    rig.scheduler.tell_over()
    await again
    names = [name for name, _ in await told(rig.api, "s1", 4)]
    assert names == ["connecting", "face_absent", "closed", "connecting"]
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)


async def test_several_at_once_get_the_session_one_after_the_other(rig: Rig) -> None:
    requests = [rig.api.http.post("/whip/s1", data=OFFER, headers=SDP) for _ in range(4)]
    responses = await asyncio.gather(*requests)
    assert [response.status for response in responses] == [201] * 4
    newest = []
    for response in responses:
        status, _ = await rig.api.json("DELETE", response.headers["Location"])
        newest.append(status)
    assert sorted(newest) == [200, 404, 404, 404]
    assert rig.worker.closed == ["s1"]


async def test_the_older_resource_is_gone_and_touches_nothing(rig: Rig) -> None:
    first, second = await rig.api.publish("s1"), await rig.api.publish("s1")
    fragment = {"Content-Type": "application/trickle-ice-sdpfrag"}
    assert (await rig.api.json("DELETE", first))[0] == 404
    assert (await rig.api.json("PATCH", first, data="a=ice-ufrag:abcd\r\n", headers=fragment))[0] == 404
    assert rig.worker.closed == []
    assert rig.worker.sessions == {"s1"}
    assert (await rig.api.json("DELETE", second))[0] == 200


async def test_an_older_resource_that_is_deleted_while_the_new_offer_is_answered(rig: Rig) -> None:
    first = await rig.api.publish("s1")
    rig.worker.mute = True
    again = asyncio.ensure_future(rig.api.publish("s1"))
    await rig.worker.until(lambda: len(rig.worker.opened) == 2)
    deleted = asyncio.ensure_future(rig.api.json("DELETE", first))
    await asyncio.sleep(0.1)  # it has been read, and waits
    rig.worker.answer(rig.worker.opened[1])
    await again
    assert (await deleted)[0] == 404
    assert rig.worker.closed == []


async def test_a_refused_offer_leaves_the_older_media_alone(rig: Rig) -> None:
    resource = await rig.api.publish("s1")
    rig.worker.refusal = ("bad_offer", "Because.")
    assert (await rig.api.json("POST", "/whip/s1", data=OFFER, headers=SDP))[0] == 400
    assert (await rig.api.json("GET", "/sessions/s1"))[1]["state"] == "connecting"
    assert (await rig.api.json("DELETE", resource))[0] == 200


async def test_a_full_daemon_lets_its_own_publishers_come_back(rig: Rig) -> None:
    rig.worker.max_sessions = 1
    rig.scheduler.fits_more = 1
    await rig.api.publish("s1")
    rig.worker.stats()
    rig.scheduler.fits_more = 0
    rig.scheduler.tell_stats()
    await rig.api.until("/sessions", lambda body: body["fits_more"] == 0)
    await rig.api.publish("s1")


@pytest.fixture
async def two(tmp_path: Path) -> AsyncIterator[Rig]:
    """An api with two principals."""
    tokens = (Token("candidate"), Token("examiner"))
    async with running_rig(tmp_path, tokens=tokens) as rig:
        await rig.api.until_ready()
        yield rig


async def test_somebody_else_waits(two: Rig) -> None:
    async with two.api.http.post("/whip/s1", data=OFFER, headers=SDP | CANDIDATE) as response:
        assert response.status == 201
        resource = response.headers["Location"]
    async with two.api.http.post("/whip/s1", data=OFFER, headers=SDP | EXAMINER) as response:
        assert (response.status, (await response.json())["error_code"]) == (409, "session_active")
        assert response.headers["Retry-After"] == "10"
    assert len(two.worker.opened) == 1
    assert (await two.api.json("DELETE", resource, headers=CANDIDATE))[0] == 200
    assert (await two.api.json("POST", "/whip/s1", data=OFFER, headers=SDP | EXAMINER))[0] == 201
    assert (await two.api.json("POST", "/whip/s1", data=OFFER, headers=SDP | CANDIDATE))[0] == 409


async def test_a_restarted_api_still_knows_whose_it_is(two: Rig) -> None:
    assert (await two.api.json("POST", "/whip/s1", data=OFFER, headers=SDP | CANDIDATE))[0] == 201
    await two.api.restart()
    await two.api.until_ready()
    assert (await two.api.json("POST", "/whip/s1", data=OFFER, headers=SDP | EXAMINER))[0] == 409
    assert (await two.api.json("POST", "/whip/s1", data=OFFER, headers=SDP | CANDIDATE))[0] == 201


async def test_a_hung_workers_session_goes_on_at_another_and_late_words_change_nothing(
    tmp_path: Path,
) -> None:
    other = FakeWorker(tmp_path / "ingest-1.sock")
    async with running_rig(tmp_path, ingest_workers=2) as rig:
        await rig.api.publish("s1")
        assert [offer.session_id for offer in rig.worker.opened] == ["s1"]
        rig.worker.hung = True
        await rig.api.until("/ready", lambda body: not body["workers"][0]["ready"])
        await rig.api.publish("s1")
        assert [offer.session_id for offer in other.opened] == ["s1"]
        await rig.worker.until(lambda: rig.worker.closed == ["s1"])  # it says closed, at last
        other.say(SessionState("s1", "live"))
        await rig.api.until("/sessions/s1", lambda body: body["state"] == "live")
        assert [reason for _, reason in await told(rig.api, "s1", 4)] == ["", "replaced", "", ""]
    other.die()
