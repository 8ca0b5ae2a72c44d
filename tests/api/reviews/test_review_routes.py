"""Violations are reviewed, told as events, exported, and gone with their session."""

import contextlib
import csv
import io
from pathlib import Path
from typing import Any

import pytest

from argusd.api.config import Token
from argusd.api.events.redis_store import connect

from ...shared_redis import connected, shared_redis
from ..fixtures import Rig, running_rig
from ..sessions.test_several_hosts import Hosts

AWAY = {"type": "violation", "name": "gaze_away", "severity": "warning"}
CONFIRMED = {"state": "acknowledged", "comment": "reads from a sheet", "reviewer": "Ada"}


async def with_violation(rig: Rig) -> int:
    """The seq of a violation's start in the published session s1; it has ended."""
    await rig.api.publish("s1")
    rig.scheduler.find("s1", **AWAY, state="start", media_s=1.0, captured_at=50.0)
    rig.scheduler.find("s1", **AWAY, state="end", media_s=4.0, captured_at=53.0, data={"duration_s": 2.5})
    report = await rig.api.until("/sessions/s1/report", lambda body: bool(ended(body)))
    seq: int = report["violations"][0]["seq"]
    return seq


def ended(report: dict[str, Any]) -> list[Any]:
    return [each for each in report["violations"] if each["ended_at"] is not None]


async def test_a_violation_is_acknowledged_and_everybody_hears_of_it(rig: Rig) -> None:
    seq = await with_violation(rig)
    async with rig.api.events("/sessions/s1/events") as events:
        status, review = await rig.api.json("PUT", f"/sessions/s1/reviews/{seq}", json=CONFIRMED)
        _, _, told = await events.next()
    assert (status, review) == (200, CONFIRMED | {"seq": seq, "at": review["at"]})
    assert (told["type"], told["name"], told["data"]) == ("session", "reviewed", review)
    assert await rig.api.json("GET", "/sessions/s1/reviews") == (
        200,
        {"session_id": "s1", "reviews": [review]},
    )
    _, report = await rig.api.json("GET", "/sessions/s1/report")
    assert [each["review"] for each in report["violations"]] == [review]
    assert report["seq"] == told["seq"]


async def test_the_last_word_counts_across_a_restart(rig: Rig) -> None:
    seq = await with_violation(rig)
    await rig.api.json("PUT", f"/sessions/s1/reviews/{seq}", json=CONFIRMED)
    await rig.api.json("PUT", f"/sessions/s1/reviews/{seq}", json={"state": "dismissed"})
    await rig.api.restart()
    _, listed = await rig.api.json("GET", "/sessions/s1/reviews")
    assert [(each["state"], each["comment"]) for each in listed["reviews"]] == [("dismissed", "")]


async def test_the_report_is_a_table_where_that_is_asked_for(rig: Rig) -> None:
    seq = await with_violation(rig)
    sheet = {"state": "acknowledged", "comment": '=HYPERLINK("x"), "quoted"\nand more', "reviewer": " ＝1+1"}
    await rig.api.json("PUT", f"/sessions/s1/reviews/{seq}", json=sheet)
    async with rig.api.http.get("/sessions/s1/report", headers={"Accept": "text/csv"}) as response:
        assert response.content_type == "text/csv"
        assert response.headers["Content-Disposition"] == 'attachment; filename="s1.csv"'
        (line,) = csv.DictReader(io.StringIO(await response.text()))
    assert (line["seq"], line["violation"], line["duration_s"]) == (str(seq), "gaze_away", "2.5")
    assert line["started_at"] == "1970-01-01T00:00:50.000+00:00"
    assert line["review"] == "acknowledged"
    for cell in ("comment", "reviewer"):
        assert line[cell] == "'" + sheet[cell], "no formula for whoever opens it"


async def test_nothing_of_a_review_is_left_when_its_session_is_deleted(rig: Rig, tmp_path: Path) -> None:
    seq = await with_violation(rig)
    assert (await rig.api.json("PUT", f"/sessions/s1/reviews/{seq}", json=CONFIRMED))[0] == 200
    assert (await rig.api.json("DELETE", "/sessions/s1"))[0] == 204
    redis = connect(tmp_path / "state" / "redis" / "redis.sock", 5.0)
    assert [key async for key in redis.scan_iter("ml:session:s1:*")] == []
    await redis.aclose()
    files = [path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert not any(b"reads from a sheet" in file for file in files)
    assert (await rig.api.json("GET", "/sessions/s1/report"))[0] == 404
    assert (await rig.api.json("PUT", f"/sessions/s1/reviews/{seq}", json=CONFIRMED))[0] == 404


@pytest.mark.parametrize(
    ("seq", "body", "status", "code"),
    [
        ("{seq}", {"state": "maybe"}, 422, "invalid_field"),
        ("{seq}", {"state": "open", "comment": "x" * 2001}, 422, "invalid_field"),
        ("{seq}", {"state": "open", "by": "me"}, 422, "invalid_field"),
        ("first", {"state": "open"}, 422, "invalid_field"),
        ("1", {"state": "open"}, 404, "violation_not_found"),
        ("999", {"state": "open"}, 404, "violation_not_found"),
    ],
)
async def test_what_is_no_review_of_a_violation_is_refused(
    rig: Rig, seq: str, body: dict[str, Any], status: int, code: str
) -> None:
    path = f"/sessions/s1/reviews/{seq.format(seq=await with_violation(rig))}"
    answer_status, answer = await rig.api.json("PUT", path, json=body)
    assert (answer_status, answer["error_code"]) == (status, code)
    assert (await rig.api.json("GET", "/sessions/s1/reviews"))[1]["reviews"] == []


@pytest.mark.parametrize("path", ["/sessions/no/reviews", "/sessions/no/report"])
async def test_an_unknown_session_has_no_report(rig: Rig, path: str) -> None:
    status, body = await rig.api.json("GET", path)
    assert (status, body["error_code"]) == (404, "session_not_found")


async def test_who_may_only_watch_may_not_review(tmp_path: Path) -> None:
    tokens = (Token("watcher" * 8, scopes=("watch",)), Token("reviewer" * 8, scopes=("watch", "review")))
    async with running_rig(tmp_path, tokens=tokens) as rig:
        asked = {
            secret: await rig.api.json(
                "PUT",
                "/sessions/no/reviews/1",
                json={"state": "open"},
                headers={"Authorization": f"Bearer {secret * 8}"},
            )
            for secret in ("watcher", "reviewer")
        }
    assert [answer["error_code"] for _, answer in asked.values()] == [
        "insufficient_scope",
        "session_not_found",
    ]


async def test_any_host_takes_a_review_and_tells_the_report(tmp_path: Path) -> None:
    async with contextlib.AsyncExitStack() as stack:
        url = stack.enter_context(shared_redis())
        redis = await stack.enter_async_context(connected(url))
        hosts = Hosts(tmp_path, redis, url, stack)
        a, b = await hosts.start("a"), await hosts.start("b")
        await a.api.publish("s1")
        for host in (a, b):  # whichever of them holds it
            host.scheduler.find("s1", **AWAY, state="start")
        report = await a.api.until("/sessions/s1/report", lambda body: bool(body["violations"]))
        path = f"/sessions/s1/reviews/{report['violations'][0]['seq']}"
        for host, comment in ((a, "of a"), (b, "of b")):
            assert (await host.api.json("PUT", path, json=CONFIRMED | {"comment": comment}))[0] == 200
        for host in (a, b):
            _, listed = await host.api.json("GET", "/sessions/s1/reviews")
            assert [each["comment"] for each in listed["reviews"]] == ["of b"]
