"""Which of a session's policies was asked for last, and which is in force, as its view shows them."""

import asyncio
from typing import Any

from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import PolicyApplied

from ..fakes import S1
from ..fixtures import Rig

FACE, AUDIO = MediaKey("s1", "face"), MediaKey("s1", "audio")


async def versions(rig: Rig) -> tuple[int, int | None]:
    _, shown = await rig.api.json("GET", "/sessions/s1")
    return shown["policy_version"], shown["policy_in_force"]


async def until(rig: Rig, *wanted: int | None) -> None:
    def reached(shown: dict[str, Any]) -> bool:  # a WebSocket's session is made after the handshake
        return (shown.get("policy_version"), shown.get("policy_in_force")) == wanted

    await rig.api.until("/sessions/s1", reached)


async def ask(rig: Rig) -> int:
    """Ask for a policy; the version that the answer shows."""
    _, shown = await rig.api.json("PUT", "/sessions/s1", json={})
    return int(shown["policy_version"])


async def test_nothing_is_in_force_while_nobody_publishes(rig: Rig) -> None:
    assert await ask(rig) == 1
    assert await ask(rig) == 2
    assert await versions(rig) == (2, None)
    resource = await rig.api.publish("s1")
    await until(rig, 2, 2)
    await rig.api.json("DELETE", resource)
    assert await versions(rig) == (2, None)


async def test_a_policy_is_in_force_once_the_scheduler_says_so(rig: Rig) -> None:
    await rig.api.publish("s1")
    await until(rig, 1, 1)
    rig.scheduler.applies = False
    assert await ask(rig) == 2
    await rig.scheduler.until(lambda: rig.scheduler.policies[S1].version == 2)
    assert await versions(rig) == (2, 1)
    rig.scheduler.say(PolicyApplied(S1, 2))
    await until(rig, 2, 2)


async def test_after_a_schedulers_restart_it_is_in_force_when_it_is_applied_again(rig: Rig) -> None:
    await rig.api.publish("s1")
    await until(rig, 1, 1)
    rig.scheduler.applies = False
    rig.scheduler.policies.clear()
    rig.scheduler.disconnect()
    await rig.scheduler.until(lambda: S1 in rig.scheduler.policies)
    assert await versions(rig) == (1, None)
    rig.scheduler.say(PolicyApplied(S1, 1))
    await until(rig, 1, 1)


async def test_a_restarted_api_counts_on(rig: Rig) -> None:
    await rig.api.publish("s1")
    assert await ask(rig) == 2
    await rig.api.restart()
    await until(rig, 2, 2)
    assert await ask(rig) == 3


async def test_policies_that_are_asked_for_at_once_have_versions_of_their_own(rig: Rig) -> None:
    await rig.api.publish("s1")
    assert sorted(await asyncio.gather(*(ask(rig) for _ in range(5)))) == [2, 3, 4, 5, 6]
    await until(rig, 6, 6)


async def test_what_begins_at_once_begins_one_session(rig: Rig) -> None:
    paths = [f"/ml/stream/s1/{stream}" for stream in ("face", "audio", "video", "lipsync")]
    sockets = await asyncio.gather(*(rig.api.http.ws_connect(path) for path in paths))
    await rig.scheduler.until(lambda: len(rig.scheduler.policies) == len(paths))
    await until(rig, 1, 1)
    for socket in sockets:
        await socket.close()


async def test_of_several_websockets_all_must_have_it(rig: Rig) -> None:
    rig.scheduler.applies = False
    async with rig.api.http.ws_connect("/ml/stream/s1/face"), rig.api.http.ws_connect("/ml/stream/s1/audio"):
        await rig.scheduler.until(lambda: set(rig.scheduler.policies) == {FACE, AUDIO})
        rig.scheduler.say(PolicyApplied(FACE, 1))
        rig.scheduler.say(PolicyApplied(AUDIO, 1))
        await until(rig, 1, 1)
        assert await ask(rig) == 2
        await rig.scheduler.until(lambda: all(each.version == 2 for each in rig.scheduler.policies.values()))
        rig.scheduler.say(PolicyApplied(AUDIO, 2))
        assert await versions(rig) == (2, 1)
        rig.scheduler.say(PolicyApplied(FACE, 2))
        await until(rig, 2, 2)


async def test_a_websocket_that_comes_has_it_before_it_is_in_force_for_all(rig: Rig) -> None:
    async with rig.api.http.ws_connect("/ml/stream/s1/face"):
        await until(rig, 1, 1)
        rig.scheduler.applies = False
        async with rig.api.http.ws_connect("/ml/stream/s1/audio"):
            await rig.scheduler.until(lambda: AUDIO in rig.scheduler.policies)
            assert await versions(rig) == (1, None)
        await rig.scheduler.until(lambda: AUDIO not in rig.scheduler.policies)
        assert await versions(rig) == (1, 1)
