"""The client against a small HTTP server that does as a test says."""

import asyncio
import base64
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from argusd.interviewer_bridge import MLOrchestratorClient, OrchestratorError, Policy, PolicyState
from argusd.interviewer_bridge.errors import (
    AnswerLost,
    DaemonFault,
    NoFace,
    NotAllowed,
    NotConnected,
    NotNow,
    TooLate,
)
from argusd.scheduler.contract.http import URL_VARIABLES

from ..ports import free_port
from .conftest import Serve

DONE = {
    "session_id": "s",
    "task_type": "face_embed",
    "success": True,
    "result": {"face_count": 1},
    "latency_ms": 3,
    "worker_id": "scheduler-0",
    "error": None,
}


def refusal(status: int, code: str, **headers: str) -> web.Response:
    envelope = {"success": False, "result": None, "error_code": code, "error": f"This is {code}."}
    return web.json_response(envelope, status=status, headers=headers)


class Daemon:
    """Gives its scripted answers in turn, the last one for ever; None hangs up without one."""

    def __init__(self, *answers: Callable[[], web.Response] | None) -> None:
        self.requests: list[tuple[str, str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[int] = set()
        self._answers = list(answers)

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        query = f"?{request.query_string}" if request.query_string else ""
        self.requests.append((request.method, request.path + query, body))
        self.headers.append(dict(request.headers))
        assert request.transport is not None
        self.connections.add(id(request.transport))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is None:
            request.transport.close()
            return web.Response()
        return answer()


@pytest.fixture
async def connect(serve: Serve) -> AsyncIterator[Callable[..., Awaitable[MLOrchestratorClient]]]:
    clients: list[MLOrchestratorClient] = []

    async def start(daemon: Daemon, **options: Any) -> MLOrchestratorClient:
        clients.append(MLOrchestratorClient(await serve(daemon.handle), **options))
        return clients[-1]

    yield start
    for client in clients:
        await client.aclose()


Connect = Callable[..., Awaitable[MLOrchestratorClient]]


def done() -> web.Response:
    return web.json_response(DONE)


async def test_a_task_goes_out_as_the_contract_says_and_its_result_comes_back(connect: Connect) -> None:
    daemon = Daemon(done)
    client = await connect(daemon, token="t0ken")
    result = await client.infer("interview-7", "face_embed", {"image_b64": b"\xff\xd8jpeg"}, timeout_s=12.5)
    assert result == {"face_count": 1}
    body = {
        "session_id": "interview-7",
        "task_type": "face_embed",
        "payload": {"image_b64": base64.b64encode(b"\xff\xd8jpeg").decode()},
        "timeout_s": 12.5,
    }
    assert daemon.requests == [("POST", "/ml/infer", body)]
    assert daemon.headers[0]["Authorization"] == "Bearer t0ken"


async def test_a_token_for_a_page_is_asked_for_and_not_shown(connect: Connect) -> None:
    daemon = Daemon(lambda: web.json_response({"token": "p4ge", "expires_at": 1_700_000_000.0}, status=201))
    client = await connect(daemon, token="t0ken")
    made = await client.session_token("interview-7", ("publish", "watch"), expires_in_s=900)
    assert (made.token, made.expires_at) == ("p4ge", 1_700_000_000.0)
    assert "p4ge" not in repr(made)
    body = {"session_id": "interview-7", "scopes": ["publish", "watch"], "expires_in_s": 900}
    assert daemon.requests == [("POST", "/tokens", body)]


async def test_evidence_is_awaited_while_it_is_made(connect: Connect) -> None:
    daemon = Daemon(
        lambda: refusal(409, "evidence_pending", **{"Retry-After": "0"}),
        lambda: web.Response(body=b"webm", content_type="video/webm"),
    )
    client = await connect(daemon)
    assert await client.evidence_file("interview-7", "e1", "clip") == b"webm"
    assert [path for _, path, _ in daemon.requests] == 2 * ["/sessions/interview-7/evidence/e1/clip"]


async def test_a_violation_is_reviewed_as_the_contract_says(connect: Connect) -> None:
    said = {"state": "dismissed", "comment": "A poster.", "reviewer": "Ada"}
    daemon = Daemon(lambda: web.json_response(said | {"seq": 7, "at": 1_700_000_000.0}))
    client = await connect(daemon)
    review = await client.review("interview-7", 7, "dismissed", comment="A poster.", reviewer="Ada")
    assert (review.seq, review.state, review.comment) == (7, "dismissed", "A poster.")
    assert daemon.requests == [("PUT", "/sessions/interview-7/reviews/7", said)]


async def test_what_is_base64_already_stays_so(connect: Connect) -> None:
    daemon = Daemon(done)
    client = await connect(daemon)
    await client.infer(
        "s", "face_verify", {"image_b64": bytearray(b"abc"), "reference_embedding_b64": "AACA"}
    )
    assert daemon.requests[0][2]["payload"] == {"image_b64": "YWJj", "reference_embedding_b64": "AACA"}


async def test_a_task_that_is_sent_on_goes_with_its_body_and_the_ticket_alone(
    connect: Connect, serve: Serve
) -> None:
    holder = Daemon(done)
    host = await serve(holder.handle)
    door = Daemon(lambda: web.Response(status=307, headers={"Location": f"{host}ml/infer?ticket=t1cket"}))
    client = await connect(door, token="t0ken")
    assert await client.infer("s", "face_embed", {"image_b64": "YWJj"}) == {"face_count": 1}
    ((method, path, body),) = holder.requests
    assert (method, path, body["payload"]) == ("POST", "/ml/infer?ticket=t1cket", {"image_b64": "YWJj"})
    assert "Authorization" not in holder.headers[0]


async def test_another_host_is_asked_where_one_does_not_answer(serve: Serve) -> None:
    daemon = Daemon(done)
    urls = f"http://127.0.0.1:{free_port()},{await serve(daemon.handle)}"
    async with MLOrchestratorClient(urls) as client:
        for _ in range(3):
            assert await client.infer("s", "face_embed", {}) == {"face_count": 1}
    assert len(daemon.connections) == 1, "it stays with the host that answered"


async def test_connections_are_kept(connect: Connect) -> None:
    daemon = Daemon(done)
    client = await connect(daemon)
    for _ in range(5):
        await client.infer("s", "face_embed", {})
    assert len(daemon.connections) == 1


async def test_a_refusal_raises_its_typed_error_at_once(connect: Connect) -> None:
    daemon = Daemon(lambda: refusal(422, "no_face"))
    client = await connect(daemon)
    with pytest.raises(NoFace, match=r"This is no_face\.") as raised:
        await client.infer("s", "face_embed", {})
    assert (raised.value.code, raised.value.status) == ("no_face", 422)
    assert len(daemon.requests) == 1


async def test_a_daemon_that_says_later_is_asked_again(connect: Connect) -> None:
    daemon = Daemon(lambda: refusal(503, "overloaded", **{"Retry-After": "0"}), done)
    client = await connect(daemon)
    assert await client.infer("s", "video_room_scan", {}) == {"face_count": 1}
    assert len(daemon.requests) == 2


async def test_later_beyond_the_callers_time_is_said_now(connect: Connect) -> None:
    daemon = Daemon(lambda: refusal(503, "draining", **{"Retry-After": "60"}))
    client = await connect(daemon)
    with pytest.raises(NotNow) as raised:
        await client.infer("s", "face_embed", {}, timeout_s=20)
    assert (raised.value.code, raised.value.retry_after) == ("draining", 60.0)
    assert len(daemon.requests) == 1


async def test_a_lost_answer_is_asked_for_again_where_twice_is_as_once(connect: Connect) -> None:
    daemon = Daemon(None, done)
    client = await connect(daemon)
    assert await client.infer("s", "face_embed", {}) == {"face_count": 1}
    assert len(daemon.requests) == 2


async def test_a_room_scans_frame_whose_answer_is_lost_is_not_sent_twice(connect: Connect) -> None:
    daemon = Daemon(None, done)
    client = await connect(daemon)
    with pytest.raises(AnswerLost):
        await client.infer("s", "video_room_scan", {"scan_id": "1", "frame_b64": b""})
    assert len(daemon.requests) == 1


async def test_nobody_there_is_tried_until_the_time_is_over() -> None:
    async with MLOrchestratorClient(f"http://127.0.0.1:{free_port()}") as client:
        with pytest.raises(NotConnected, match="no daemon answers"):
            await client.infer("s", "video_room_scan", {}, timeout_s=0.5)


async def test_a_daemon_that_comes_up_meanwhile_is_found() -> None:
    daemon, port = Daemon(done), free_port()
    app = web.Application()
    app.router.add_post("/ml/infer", daemon.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    async with MLOrchestratorClient(f"http://127.0.0.1:{port}") as client:
        asked = asyncio.create_task(client.infer("s", "face_embed", {}))
        await asyncio.sleep(0)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        assert await asked == {"face_count": 1}
    await runner.cleanup()


async def test_no_answer_within_the_time_is_too_late(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("argusd.interviewer_bridge.transport.GRACE_S", 0.0)
    asked, answered = 0, asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        nonlocal asked
        asked += 1
        await answered.wait()
        return web.Response()

    async with MLOrchestratorClient(await serve(silent), timeout_s=0.2) as client:
        with pytest.raises(TooLate) as raised:
            await client.infer("s", "face_embed", {})
    answered.set()
    assert (raised.value.code, raised.value.status, asked) == ("deadline_exceeded", None, 1)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"result": null}'])
async def test_an_answer_that_is_not_the_daemons_is_an_error(connect: Connect, body: bytes) -> None:
    client = await connect(Daemon(lambda: web.Response(body=body)))
    with pytest.raises(DaemonFault):
        await client.infer("s", "face_embed", {})


async def test_a_session_is_defined_read_and_deleted(connect: Connect) -> None:
    results = {"session_id": "a/b", "state": "live", "streams": {}, "violations": {"gaze_away": {"count": 2}}}
    daemon = Daemon(
        lambda: web.json_response({"policy_version": 1, "policy_in_force": None}, status=201),
        lambda: web.json_response({"state": "live", "policy_version": 1, "policy_in_force": 1}),
        lambda: web.json_response(results),
        lambda: web.Response(status=204),
    )
    client = await connect(daemon)
    defined = await client.define_session("a/b", Policy(weight=2.0), ("face",))
    assert (defined, await client.policy_state("a/b")) == (PolicyState(1, None), PolicyState(1, 1))
    found = await client.results("a/b")
    await client.delete_session("a/b")
    assert (found.state, found.violations["gaze_away"].count) == ("live", 2)
    (put, _, spec), shown, get, delete = daemon.requests
    assert (put, spec["streams"], spec["policy"]["weight"]) == ("PUT", ["face"], 2.0)
    assert shown == ("GET", "/sessions/a/b", None)
    assert get == ("GET", "/sessions/a/b/results", None)
    assert delete[:2] == ("DELETE", "/sessions/a/b")


async def test_a_token_that_is_not_good_is_said(connect: Connect) -> None:
    client = await connect(Daemon(lambda: refusal(401, "unauthorized")))
    with pytest.raises(NotAllowed):
        await client.results("s")


@pytest.mark.parametrize(
    ("given", "environment", "url"),
    [
        (None, {}, "http://127.0.0.1:8015"),
        (None, {"ARGUSD_URL": "http://ml:9000/"}, "http://ml:9000"),
        (None, {"ML_ORCHESTRATOR_URL": "http://older:9000"}, "http://older:9000"),
        (None, {"ARGUSD_URL": "http://ml:9000", "ML_ORCHESTRATOR_URL": "http://older:1"}, "http://ml:9000"),
        ("https://ml.example", {"ARGUSD_URL": "http://ml:9000"}, "https://ml.example"),
    ],
)
def test_where_the_daemon_is(
    given: str | None, environment: dict[str, str], url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in URL_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    client = MLOrchestratorClient(given)  # outside of any event loop, as a module's global would be
    assert client.base_url == url
    assert client.stream_url("a b", "face") == "ws" + url.removeprefix("http") + "/ml/stream/a%20b/face"


def test_every_error_is_an_orchestrator_error_with_a_code() -> None:
    kinds = OrchestratorError.__subclasses__()
    assert len(kinds) >= 8
    assert all(kind("x").code for kind in kinds)


def test_importing_the_client_loads_the_contract_and_nothing_else_of_the_daemon() -> None:
    script = "import sys, argusd.interviewer_bridge; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert (
        loaded & {"aiortc", "av", "cv2", "numpy", "onnx", "onnxruntime", "redis", "scipy", "torch"} == set()
    )
    ours = ("argusd.interviewer_bridge", "argusd.scheduler.contract")
    assert {name for name in loaded if name.startswith("argusd.") and not name.startswith(ours)} == {
        "argusd.scheduler"
    }


async def test_it_waits_for_a_daemon_that_is_starting(serve: Serve) -> None:
    def starting() -> web.Response:
        return refusal(503, "not_ready", **{"Retry-After": "0"})

    daemon = Daemon(starting, starting, lambda: web.json_response({"ready": True, "reasons": []}))
    async with MLOrchestratorClient(await serve(daemon.handle)) as client:
        await client.wait_until_ready()
    assert [path for _, path, _ in daemon.requests] == ["/ready?tiers=live,bulk"] * 3


async def test_a_daemon_that_does_not_get_ready_says_why(serve: Serve) -> None:
    daemon = Daemon(lambda: refusal(503, "not_ready", **{"Retry-After": "60"}))
    async with MLOrchestratorClient(await serve(daemon.handle)) as client:
        with pytest.raises(NotNow, match="This is not_ready") as raised:
            await client.wait_until_ready(("live",))
    assert raised.value.code == "not_ready"
    assert [path for _, path, _ in daemon.requests] == ["/ready?tiers=live"]
