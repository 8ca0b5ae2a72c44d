"""Whether two systems' streams say the same of the same pictures and sound, before anything is timed."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import uuid4

import aiohttp
import msgspec

from .interviews import RATES
from .server import Server
from .work import Answer, same_box, same_objects

SHOWN = {"face": 3, "video": 3, "audio": 32}  # messages; the voice detector remembers, so it needs some
PACE_S = {"face": 0.2, "video": 0.2, "audio": 0.032}
FIRST_ANSWER_S = 10.0  # a new session's, on a machine that is busy
QUIET_S = 1.0  # then nothing more is said about the last message
SPEECH_APART = 0.05


async def said(server: Server, messages: Mapping[str, Sequence[bytes]]) -> dict[str, Answer]:
    """The last answer of each stream to the first few messages.

    Raises:
        TimeoutError: a stream says nothing.
    """
    async with aiohttp.ClientSession(server.url) as http:
        session_id = f"alike-{uuid4().hex[:8]}"
        return {domain: await _last(http, session_id, domain, messages[domain]) for domain in RATES}


async def _last(
    http: aiohttp.ClientSession, session_id: str, domain: str, messages: Sequence[bytes]
) -> Answer:
    path = f"/ml/stream/{session_id}/{domain}"
    async with http.ws_connect(path, max_msg_size=0, compress=0) as socket:
        for message in messages[: SHOWN[domain]]:
            await socket.send_bytes(message)
            await asyncio.sleep(PACE_S[domain])
        answer: Answer = await socket.receive_json(timeout=FIRST_ANSWER_S, loads=msgspec.json.decode)
        while True:
            try:
                answer = await socket.receive_json(timeout=QUIET_S, loads=msgspec.json.decode)
            except TimeoutError:
                return answer


def difference(ours: Mapping[str, Answer], theirs: Mapping[str, Answer]) -> str:
    """Why they do not say the same; empty if they do."""
    a, b = ours["face"]["faces"], theirs["face"]["faces"]
    if len(a) != len(b) or not all(map(same_box, a, b)):
        return f"faces at {a} and at {b}"
    if different := same_objects(ours["video"], theirs["video"]):
        return different
    a, b = ours["audio"]["speech"], theirs["audio"]["speech"]
    return f"speech of {a} and of {b}" if abs(a - b) > SPEECH_APART else ""
