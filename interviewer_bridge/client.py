"""``MLOrchestratorClient``: everything that a Layer-3 service asks of the daemon."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar, get_args
from urllib.parse import quote

import msgspec

from argusd.scheduler.contract.access.tokens import SessionScope, SessionToken
from argusd.scheduler.contract.catalog import TASKS
from argusd.scheduler.contract.events import Event, Gap
from argusd.scheduler.contract.evidence.records import Evidence, EvidenceList, Part
from argusd.scheduler.contract.http import DEFAULT_PORT
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.results import Results
from argusd.scheduler.contract.reviews.report import Report
from argusd.scheduler.contract.reviews.reviews import Review, ReviewBody, ReviewState
from argusd.scheduler.contract.sessions import PolicyState
from argusd.scheduler.contract.tiers import Tier
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from .addresses import Addresses, named_in
from .errors import DaemonFault
from .events import subscribe
from .finalize import finalize
from .stream_media import StreamMedia
from .streams import Finding, forward
from .transport import Transport

Kind = TypeVar("Kind", bound=msgspec.Struct)

REDIS_CONNECTIONS = 8  # further reads wait: a Redis refuses who comes with too many
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"


class Answer(msgspec.Struct, frozen=True):
    """The part of the response envelope that a caller gets."""

    result: dict[str, Any]


class MLOrchestratorClient:
    """A client of a daemon; made once and shared, because it keeps its connections.

        async with MLOrchestratorClient() as ml:
            enrolled = await ml.infer("interview-7", "face_embed", {"image_b64": jpeg})

    ``base_url`` left out is the environment's ``ARGUSD_URL`` (older: ``ML_ORCHESTRATOR_URL``), else this
    host's daemon. Several hosts that serve the same sessions stand there with commas between: where one does
    not answer, the next one is asked. ``timeout_s`` is for calls that name none. Every method raises
    ``OrchestratorError`` (see ``errors.py``), which carries ``code``, ``status`` and ``retry_after``.
    """

    def __init__(
        self, base_url: str | None = None, token: str | None = None, timeout_s: float = 30.0
    ) -> None:
        self.base_url = (base_url or named_in(os.environ) or DEFAULT_URL).rstrip("/")
        self.timeout_s = timeout_s
        self.token = token
        self._addresses = Addresses(self.base_url)
        self._transport = Transport(self._addresses, token)
        self._redis_turns = asyncio.Semaphore(REDIS_CONNECTIONS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.close()

    async def wait_until_ready(
        self, tiers: Sequence[Tier] = get_args(Tier), timeout_s: float | None = None
    ) -> None:
        """Return once the daemon is up and these tiers are served: ``live`` sessions, ``bulk`` tasks.

        Models take longer to load for tasks than for sessions. Who has waited for both has every task taken.

        Raises:
            OrchestratorError: they are not within ``timeout_s``; the sentence says what is missing.
        """
        timeout_s = self.timeout_s if timeout_s is None else timeout_s
        await self._transport.request("GET", f"/ready?tiers={','.join(tiers)}", timeout_s=timeout_s)

    async def infer(
        self, session_id: str, task_type: str, payload: dict[str, Any], timeout_s: float | None = None
    ) -> dict[str, Any]:
        """The result of a one-shot task (DESIGN section 6).

        Bytes in the payload travel as base64. All tries and waits together take at most ``timeout_s``.

        Raises:
            OrchestratorError: there is no result.
        """
        timeout_s = self.timeout_s if timeout_s is None else timeout_s
        task = TASKS.get(task_type)
        asked = {
            "session_id": session_id,
            "task_type": task_type,
            "payload": payload,
            "timeout_s": timeout_s,
        }
        body = await self._transport.request(
            "POST",
            "/ml/infer",
            msgspec.json.encode(asked),
            timeout_s=timeout_s,
            idempotent=task is None or task.idempotent,
        )
        return decode(body, Answer).result

    def stream_url(self, session_id: str, stream: str) -> str:
        """The WebSocket address of a session's stream: ``face``, ``audio``, ``video`` or ``lipsync``."""
        return "ws" + self._addresses.current.removeprefix("http") + stream_path(session_id, stream)

    def stream(
        self, session_id: str, stream: str, media: AsyncIterable[StreamMedia]
    ) -> AsyncGenerator[Finding, None]:
        """Forward media and yield what is found in them; see ``streams.forward``."""
        return forward(partial(self._transport.connect, stream_path(session_id, stream)), media)

    def events(
        self, session_id: str | None = None, last_event_id: str = ""
    ) -> AsyncGenerator[Event | Gap, None]:
        """Yield a session's (or all sessions') events, across reconnects; see ``events.subscribe``."""
        return subscribe(self.base_url, session_id, token=self.token, last_event_id=last_event_id)

    async def define_session(
        self, session_id: str, policy: Policy | None = None, streams: tuple[str, ...] | None = None
    ) -> PolicyState:
        """Say what is watched in a session and under which thresholds, before or while its media comes.

        The version that is returned is in force once ``policy_state`` says so.
        """
        spec = {"policy": policy or Policy(), "streams": streams}
        return await self._ask("PUT", session_path(session_id), PolicyState, spec)

    async def session_token(
        self, session_id: str, scopes: Iterable[SessionScope], expires_in_s: int = 600
    ) -> SessionToken:
        """A token with which one session's page may ``publish``, ``watch`` or ``infer``, until it expires.

        It takes a token of the scope ``admin``; hand the page this one, and nobody else.
        """
        asked = {"session_id": session_id, "scopes": [*scopes], "expires_in_s": expires_in_s}
        return await self._ask("POST", "/tokens", SessionToken, asked)

    async def policy_state(self, session_id: str) -> PolicyState:
        """Which of the session's policies was asked for last, and which its media are judged by now."""
        return await self._ask("GET", session_path(session_id), PolicyState)

    async def results(self, session_id: str) -> Results:
        """What is known of the session now: each stream's newest result, and the violations counted."""
        return await self._ask("GET", f"{session_path(session_id)}/results", Results)

    async def finalize(self, session_id: str, redis_url: str | None = None) -> Results:
        """The session's results once its media is over (see ``finalize.py``), over HTTP or from Redis."""
        if redis_url is not None:
            return await finalize(partial(self._stored_results, redis_url, session_id))
        return await finalize(partial(self.results, session_id))

    async def _stored_results(self, redis_url: str, session_id: str) -> Results:
        from .stored_results import stored_results  # loads the Redis client, which nothing else needs

        async with self._redis_turns:
            return await stored_results(redis_url, session_id)

    async def report(self, session_id: str) -> Report:
        """What happened in the session, violation by violation, with the reviews there are."""
        return await self._ask("GET", f"{session_path(session_id)}/report", Report)

    async def review(
        self, session_id: str, seq: int, state: ReviewState, *, comment: str = "", reviewer: str = ""
    ) -> Review:
        """Say what somebody makes of a violation; ``seq``: of the event that started it."""
        said = ReviewBody(state, comment, reviewer)
        return await self._ask("PUT", f"{session_path(session_id)}/reviews/{seq}", Review, said)

    async def evidence(self, session_id: str) -> list[Evidence]:
        """What is kept of the session's violations, oldest first; there is some where its policy asks."""
        return (await self._ask("GET", f"{session_path(session_id)}/evidence", EvidenceList)).evidence

    async def evidence_file(self, session_id: str, evidence_id: str, part: Part) -> bytes:
        """A piece of evidence's ``snapshot`` (JPEG) or ``clip`` (WebM), awaited while it is being made."""
        path = f"{session_path(session_id)}/evidence/{quote(evidence_id, safe='')}/{part}"
        return await self._transport.request("GET", path, timeout_s=self.timeout_s)

    async def delete_session(self, session_id: str) -> None:
        """End a session and have all that is stored of it erased."""
        await self._transport.request("DELETE", session_path(session_id), timeout_s=self.timeout_s)

    async def _ask(self, method: str, path: str, kind: type[Kind], asked: Any = None) -> Kind:
        body = None if asked is None else msgspec.json.encode(asked)
        return decode(await self._transport.request(method, path, body, timeout_s=self.timeout_s), kind)


def session_path(session_id: str) -> str:
    """The path of a session."""
    return f"/sessions/{quote(session_id, safe='')}"


def stream_path(session_id: str, stream: str) -> str:
    """The path of a session's stream."""
    return f"/ml/stream/{quote(session_id, safe='')}/{quote(stream, safe='')}"


def decode(body: bytes, kind: type[Kind]) -> Kind:
    """An answer's body as ``kind``.

    Raises:
        DaemonFault: it is something else.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except UNDECODABLE as error:
        raise DaemonFault("the daemon's answer is not what it promises") from error
