"""The recorder's process is killed while it makes a clip."""

import asyncio
import sys

from ..fixtures import Rig
from ..streams.clients import jpeg
from .test_keeper import files, filmed, finished, recording, starts

FILMED = {"policy": {"evidence": {"snapshot": True, "clip": True}}}
LONG_S = 30.0  # it is killed before
RECORD = """
import asyncio, pathlib, sys
from argusd.scheduler.recorder.config import RecorderConfig
from argusd.scheduler.recorder.service import run_recorder
runtime_dir, state_dir = map(pathlib.Path, sys.argv[1:3])
config = RecorderConfig(
    runtime_dir=runtime_dir, state_dir=state_dir, ingest_workers=0, after_s=float(sys.argv[3]), min_free_mib=0
)
asyncio.run(run_recorder(config, asyncio.Event(), lambda: None))
"""


async def test_the_snapshot_stays_the_clip_is_lost_and_the_next_is_kept(rig: Rig) -> None:
    folders = rig.api.config.runtime_dir, rig.api.config.state_dir
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", RECORD, *folders, str(LONG_S))
    async with filmed(rig, FILMED):
        starts(rig)
        try:
            await rig.api.until("/sessions/s1/evidence", lambda body: has_snapshot(body["evidence"]))
        finally:
            process.kill()
            await process.wait()
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
