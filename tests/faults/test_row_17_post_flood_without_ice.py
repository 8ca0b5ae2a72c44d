"""Offers by the dozen and nobody behind them: slowed, reaped, and in nobody's way who has real ICE."""

import time
from collections import Counter
from pathlib import Path

import pytest

from argusd.interviewer_bridge.publish.media import synthetic
from argusd.interviewer_bridge.publish.publisher import Publisher

from ..api.fixtures import OFFER, SDP, running_whip
from .outcome import Outcome

SLOTS, EACH, FLOOD = 24, 12, 40
BEHIND_A_PROXY = {"whip_half_open_per_client": EACH, "trusted_proxies": ("127.0.0.1",)}


@pytest.mark.fault(17, "POST flood without ICE")
async def test_a_flood_is_refused_and_reaped_and_a_real_peer_gets_in(
    tmp_path: Path, outcome: Outcome
) -> None:
    ingest = {"max_sessions": SLOTS, "arena_mib": 96, "connect_s": 15.0}  # the flood takes less
    async with running_whip(tmp_path, ingest, **BEHIND_A_PROXY) as api:
        answers = Counter[tuple[int, str]]()
        for number in range(FLOOD):
            headers = SDP | {"X-Forwarded-For": f"198.51.100.{number % 2}"}
            async with api.http.post(f"/whip/f{number}", data=OFFER, headers=headers) as response:
                answers[response.status, response.headers.get("Retry-After", "")] += 1
        assert set(answers) == {(201, ""), (429, "5")}
        listed = (await api.json("GET", "/sessions"))[1]["sessions"]
        assert sum(each["state"] == "connecting" for each in listed) == SLOTS
        began = time.monotonic()
        async with Publisher(api.url, "real", synthetic(), patience_s=0.0):
            await api.until("/sessions/real", lambda body: body["state"] == "live")
            outcome.recovered(time.monotonic() - began)
            await api.until("/ready", lambda body: body["workers"][0]["sessions"] == 1)
            assert (await api.json("GET", "/sessions/real"))[1]["state"] == "live"
