from ..fixtures import Rig


async def test_a_process_that_runs_is_healthy(rig: Rig) -> None:
    assert await rig.api.json("GET", "/health") == (200, {"status": "ok"})
