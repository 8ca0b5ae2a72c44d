from pathlib import Path

from argusd.api.config import Token
from argusd.scheduler.contract.messages import Histogram

from ...waiting import answered
from ..fixtures import Rig, running_rig
from ..webhooks.listener import listening, webhook

BATCHES = Histogram([1.0, 2.0], [3, 5], 12.0, 6)
SECONDS = Histogram([0.01, 0.1], [4, 6], 0.25, 6)


async def test_one_answer_tells_what_ready_health_and_metrics_tell(rig: Rig) -> None:
    await rig.api.publish("s1")
    rig.scheduler.tell_stats(
        batch_size={"blazeface": BATCHES},
        infer_seconds={"blazeface": SECONDS},
        frame_age_seconds={"face": SECONDS},
    )
    told = await rig.api.until("/operations.json", lambda body: "blazeface" in body["batch_size"])
    assert (told["sessions"], told["tasks"], told["hosts"], told["webhooks"]) == (1, 0, [], [])
    assert told["readiness"] == (await rig.api.json("GET", "/ready"))[1]
    workers = (await rig.api.json("GET", "/health"))[1]["workers"]
    assert [each.keys() for each in told["workers"]] == [each.keys() for each in workers]
    assert [each["worker_id"] for each in told["workers"]] == [each["worker_id"] for each in workers]
    found = await rig.api.metrics()
    assert told["batch_size"]["blazeface"]["count"] == found["ml_batch_size_count{model=blazeface}"] == 6
    assert told["batch_seconds"]["blazeface"]["sum"] == found["ml_model_batch_seconds_sum{model=blazeface}"]
    assert told["frame_age_seconds"]["face"] == {
        "bounds": [0.01, 0.1],
        "counts": [4, 6],
        "sum": 0.25,
        "count": 6,
    }


async def test_it_answers_while_the_daemon_is_not_ready(rig: Rig) -> None:
    rig.scheduler.die()
    told = await rig.api.until("/operations.json", lambda body: not body["readiness"]["ready"])
    assert told["readiness"]["reasons"] == ["scheduler-0 does not answer"]


async def test_webhooks_are_among_it(tmp_path: Path) -> None:
    async with (
        listening() as listener,
        running_rig(tmp_path, webhooks=(webhook(tmp_path, listener.url),)) as rig,
    ):
        delivering = await answered(
            lambda: rig.api.json("GET", "/operations.json"),
            lambda answer: answer[1]["webhooks"][0]["state"] == "delivering",
        )
        assert delivering[1]["webhooks"][0]["name"] == "exams"


async def test_it_is_for_those_who_may_read_all(tmp_path: Path) -> None:
    tokens = (Token("reads all of them", scopes=("read",)), Token("reads only some of", session_prefix="a"))
    async with running_rig(tmp_path, tokens=tokens) as rig:

        async def status(secret: str) -> int:
            headers = {"Authorization": f"Bearer {secret}"}
            return (await rig.api.json("GET", "/operations.json", headers=headers))[0]

        assert [await status(each) for each in ("reads all of them", "reads only some of", "x")] == [
            200,
            403,
            401,
        ]
