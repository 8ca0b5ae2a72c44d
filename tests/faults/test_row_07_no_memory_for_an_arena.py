"""No memory for an arena: a start says what to change, a later offer is refused, and who is there goes on."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from argusd.benchmarks.peers.clips import video_clip
from argusd.benchmarks.peers.publisher import PacketTrack, Publisher

from ..api.fixtures import SDP, running_whip
from ..live_daemon import ARGUSD
from .outcome import Outcome

MORE_THAN_ANY_MACHINE_HAS = str(1 << 20)


@pytest.mark.fault(7, "no memory for an arena, at start")
@pytest.mark.parametrize(
    ("mib", "told", "code"),
    [
        (MORE_THAN_ANY_MACHINE_HAS, "lower ingest.arena_mib or free memory", 1),
        ("2", "raise ingest.arena_mib to 4", 2),
    ],
)
def test_a_worker_ends_with_a_sentence_that_says_what_to_change(
    tmp_path: Path, mib: str, told: str, code: int
) -> None:
    settings = {"ARGUSD_STATE_DIR": str(tmp_path), "ARGUSD_INGEST__ARENA_MIB": mib}
    (tmp_path / "run").mkdir()
    done = subprocess.run(
        [*ARGUSD, "ingest"], env=os.environ | settings, capture_output=True, text=True, check=False
    )
    last = done.stderr.splitlines()[-1]
    assert (done.returncode, told in last, "Traceback" in done.stderr) == (code, True, False), done.stderr


@pytest.mark.fault(7, "no memory for an arena, later")
async def test_an_offer_without_room_gets_503_and_who_is_there_goes_on(
    tmp_path: Path, outcome: Outcome
) -> None:
    clip = video_clip("vp8", 320, 240, 60, gop=15)
    publishers = [Publisher([PacketTrack("video", clip, repeat=10)]) for _ in range(3)]
    async with running_whip(tmp_path, {"arena_mib": 8}) as api:
        offers = [await each.offer() for each in publishers]
        for number in range(2):
            async with api.http.post(f"/whip/s{number}", data=offers[number], headers=SDP) as response:
                assert response.status == 201
                await publishers[number].accept(await response.text())
            await api.until(f"/sessions/s{number}", lambda body: body["state"] == "live")
        began = time.monotonic()
        async with api.http.post("/whip/s2", data=offers[2], headers=SDP) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "10")
            assert (await response.json())["error_code"] == "shm_exhausted"
        assert (await api.json("GET", "/sessions/s2"))[0] == 404
        no_room = "ingest-0 has no room in shared memory for another session: raise ingest.arena_mib"
        body = await api.until("/ready", lambda body: no_room in body["degraded"])
        assert (body["ready"], body["fits_more"]) == (True, 0)
        await publishers[0].close()
        body = await api.until("/ready", lambda body: no_room not in body["degraded"])
        async with api.http.post("/whip/s2", data=offers[2], headers=SDP) as response:
            assert response.status == 201
        outcome.recovered(time.monotonic() - began)
        assert (await api.json("GET", "/sessions/s1"))[1]["state"] == "live"
    for publisher in publishers:
        await publisher.close()
