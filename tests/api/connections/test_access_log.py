import logging

import pytest

from ..fixtures import OFFER, SDP, Rig


async def test_requests_are_logged_without_anything_secret(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    resource = await rig.api.publish("s1")
    headers = {"Authorization": "Bearer canary-token"}
    await rig.api.json(
        "POST", "/whip/s2?secret=canary-query", data=OFFER + "canary-sdp", headers=SDP | headers
    )
    rig.scheduler.find("s1", data={"embedding": "canary-embedding"})
    await rig.scheduler.until(lambda: rig.scheduler.acked == 1)
    await rig.api.json("DELETE", resource)
    assert "POST /whip/{session_id} 201" in caplog.text
    assert "DELETE /whip/{session_id}/{resource} 200" in caplog.text
    assert "canary" not in caplog.text
    assert resource.rpartition("/")[2] not in caplog.text
