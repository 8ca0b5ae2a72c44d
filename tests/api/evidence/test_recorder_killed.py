"""The recorder's process is killed while it makes a clip."""

import asyncio
import multiprocessing

from argusd.scheduler.recorder.config import RecorderConfig
from argusd.scheduler.recorder.service import run_recorder

from ..fixtures import Rig
from ..streams.clients import jpeg
from .test_keeper import files, filmed, finished, recorder_of, recording, starts

FILMED = {"policy": {"evidence": {"snapshot": True, "clip": True}}}
LONG_S = 30.0  # it is killed before


def record(config: RecorderConfig) -> None:
    """Work until killed."""
    asyncio.run(run_recorder(config, asyncio.Event(), lambda: None))


async def test_the_snapshot_stays_the_clip_is_lost_and_the_next_is_kept(rig: Rig) -> None:
    config = recorder_of(rig.api, after_s=LONG_S)
    process = multiprocessing.get_context("spawn").Process(target=record, args=(config,))
    process.start()
    async with filmed(rig, FILMED):
        starts(rig)
        try:
            await rig.api.until("/sessions/s1/evidence", lambda body: has_snapshot(body["evidence"]))
        finally:
            process.kill()
            await asyncio.to_thread(process.join)
        async with recording(rig.api):
            (cut,) = await finished(rig)
            assert (cut["state"], cut["reason"], cut["clip"]) == ("failed", "lost", None)
            path = f"/sessions/s1/evidence/{cut['evidence_id']}"
            assert await rig.api.json("GET", f"{path}/snapshot") == (200, jpeg())
            assert (await rig.api.json("GET", f"{path}/clip"))[1]["error_code"] == "evidence_not_found"
            starts(rig, "head_turned")
            _, after = await finished(rig, 2)
            assert (after["state"], after["reason"]) == ("ready", "")
            assert (await rig.api.json("GET", "/sessions/s1/evidence/chain"))[1]["intact"]
            kept = {path.name for path in files(rig)}
    assert kept >= {f"{each['evidence_id']}.jpg" for each in (cut, after)}
    assert f"{cut['evidence_id']}.webm" not in kept


def has_snapshot(evidence: list[dict[str, object]]) -> bool:
    """Whether the first picture is there; its clip is not yet."""
    return bool(evidence and evidence[0]["snapshot"])
