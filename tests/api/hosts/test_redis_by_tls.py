"""Hosts reach their Redis by TLS, as a user that may do no more than the documentation says."""

import asyncio
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from ...behind_tls import behind_tls
from ...waiting import LONGEST_S
from ..fixtures import OFFER, SDP, EventReader
from ..store.test_abilities import needed
from .two import BEARER, two_hosts


@pytest.mark.usefixtures("quick_beats_and_messages_alone")
async def test_two_hosts_serve_as_one(tmp_path: Path, redis: Redis, redis_url: str) -> None:
    await cast(Any, redis).execute_command("ACL", "SETUSER", *needed("s3cret"))
    port = urlsplit(redis_url).port
    async with behind_tls(tmp_path, lambda: asyncio.open_connection("127.0.0.1", port)) as front:
        url = f"rediss://argusd:s3cret@localhost:{front}/0?ssl_ca_certs={tmp_path}/certificate.pem"
        async with two_hosts(tmp_path, redis, url, "relay") as two:
            status, headers, _ = await two.ask(two.door, "POST", "/whip/s1", data=OFFER, headers=SDP)
            assert (status, headers["X-Argusd-Host"]) == (201, "b")
            path = f"{two.door.api.url}/sessions/s1/events"
            async with two.http.get(path, headers=BEARER) as response:
                events = EventReader(response)
                await events.next_block()
                two.other.scheduler.find("s1")
                async with asyncio.timeout(LONGEST_S):
                    assert (await events.next())[2]["type"] == "observation", "as the channel told"
            assert (await two.ask(two.door, "DELETE", "/sessions/s1"))[0] == 204
