"""One-shot tasks over HTTP: the wire contract, byte for byte, with schedulers that are fakes."""

import asyncio
import base64
import http.client
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from argusd.api.config import Token
from argusd.api.workers import task_calls
from argusd.scheduler.contract.catalog import TASKS
from argusd.scheduler.contract.errors import BY_CODE, ServiceError
from argusd.scheduler.contract.messages import TaskFailed, TaskRequest

from ...waiting import LONGEST_S, answered
from ..fake_task_scheduler import FakeTaskScheduler, done
from ..fixtures import RunningApi, make_config

PICTURE, EMBEDDING, SOUND = bytes(range(256)), b"\x00\x00\x80\x3f" * 4, b"\xff\x7f\x00\x80"
B64 = {
    name: base64.b64encode(data).decode() for name, data in [("p", PICTURE), ("e", EMBEDDING), ("s", SOUND)]
}

# The contract's requests that a scheduler answers alone: task, own path, payload in JSON and as it arrives.
EXAMPLES: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    (
        "face_verify",
        "/face/verify",
        {"image_b64": B64["p"], "reference_embedding_b64": B64["e"]},
        {
            "image_b64": PICTURE,
            "reference_embedding_b64": EMBEDDING,
            "reference_model": None,
            "threshold": None,
        },
    ),
    ("face_embed", "/face/embed", {"image_b64": B64["p"]}, {"image_b64": PICTURE}),
    (
        "audio_enroll",
        "/audio/enroll",
        {"audio_b64": B64["s"], "sample_rate": 16_000},
        {"audio_b64": SOUND, "sample_rate": 16_000},
    ),
    (
        "audio_verify",
        "/audio/verify",
        {"audio_b64": B64["s"], "reference_embedding_b64": B64["e"]},
        {
            "audio_b64": SOUND,
            "reference_embedding_b64": EMBEDDING,
            "reference_model": None,
            "sample_rate": None,
            "threshold": None,
        },
    ),
    (
        "audio_diarize",
        "/audio/diarize",
        {"audio_b64": B64["s"]},
        {"audio_b64": SOUND, "sample_rate": None, "num_speakers": None},
    ),
    (
        "doc_id_verify",
        "/doc/id-verify",
        {"id_image_b64": B64["p"], "face_image_b64": B64["p"]},
        {"id_image_b64": PICTURE, "face_image_b64": PICTURE, "language": "en", "threshold": None},
    ),
    (
        "doc_ocr",
        "/doc/ocr",
        {"image_b64": B64["p"], "language": "en"},
        {"image_b64": PICTURE, "language": "en"},
    ),
]
BULK = ("audio_diarize", "doc_id_verify", "doc_ocr")


class TaskRig:
    """A running api between a plain HTTP client and two fake schedulers."""

    def __init__(self, api: RunningApi, live: FakeTaskScheduler, bulk: FakeTaskScheduler) -> None:
        self.api, self.live, self.bulk = api, live, bulk

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        """One request by the standard library's client, in a thread."""
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await asyncio.to_thread(self._post, path, data, headers)

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.api.config.port, timeout=LONGEST_S)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
            response = connection.getresponse()
            answer = msgspec.json.decode(response.read())
            return response.status, answer, dict(response.headers)
        finally:
            connection.close()

    async def connected(self) -> None:
        """Return once both have answered something, so that no test meets one that is not there."""
        for path, body in (("/face/embed", {"image_b64": ""}), ("/doc/ocr", {"image_b64": ""})):
            ask = partial(self.post, path, {"session_id": "warm-up", **body})
            await answered(ask, lambda answer: answer[0] != 503)
        self.live.asked.clear()
        self.bulk.asked.clear()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[TaskRig]:
    live, bulk = FakeTaskScheduler(tmp_path, "scheduler-0"), FakeTaskScheduler(tmp_path, "scheduler-bulk")
    try:
        async with RunningApi(make_config(tmp_path, max_task_body=1 << 16)) as api:
            bench = TaskRig(api, live, bulk)
            await bench.connected()
            yield bench
    finally:
        live.die()
        bulk.die()


def seen_by(scheduler: FakeTaskScheduler) -> dict[str, Any]:
    """The payload of the only task that a scheduler was asked."""
    (request,) = scheduler.asked
    kind = TASKS[request.task_type].payload
    return msgspec.structs.asdict(msgspec.msgpack.decode(request.payload, type=kind))


@pytest.mark.parametrize(
    ("task_type", "own_path", "payload", "meant"), EXAMPLES, ids=lambda each: str(each)[:30]
)
@pytest.mark.parametrize("path", ["/ml/infer", "/infer", "its own"])
async def test_a_task_reaches_its_lane_and_its_answer_the_caller(
    bench: TaskRig,
    task_type: str,
    own_path: str,
    payload: dict[str, Any],
    meant: dict[str, Any],
    path: str,
) -> None:
    body = {"session_id": "sched_abc123", "timeout_s": 12.5}
    if path == "its own":
        status, answer, _ = await bench.post(own_path, body | payload)
    else:
        status, answer, _ = await bench.post(path, body | {"task_type": task_type, "payload": payload})
    scheduler, worker = (bench.bulk, "scheduler-bulk") if task_type in BULK else (bench.live, "scheduler-0")
    assert (status, answer | {"latency_ms": 0}) == (
        200,
        {
            "session_id": "sched_abc123",
            "task_type": task_type,
            "success": True,
            "result": {"did": task_type, "models": {"face_embedder": "fake"}},
            "latency_ms": 0,
            "worker_id": worker,
            "error": None,
        },
    )
    assert isinstance(answer["latency_ms"], int)
    assert seen_by(scheduler) == meant
    assert (scheduler.asked[0].session_id, scheduler.asked[0].timeout_s) == ("sched_abc123", 12.5)


async def test_text_is_analysed_by_the_api_itself(bench: TaskRig) -> None:
    status, answer, _ = await bench.post(
        "/analysis/moderate", {"session_id": "s", "text": "I led the migration."}
    )
    assert (status, answer["worker_id"], answer["result"]["action"]) == (200, "api", "allow")
    transcript = "First I measured the queue. Then I changed one thing and measured again. " * 6
    status, answer, _ = await bench.post(
        "/analysis/plagiarism", {"session_id": "s", "transcript": transcript}
    )
    assert (status, answer["worker_id"], answer["result"]["llm_verdict"]) == (200, "api", None)
    assert not bench.live.asked
    assert not bench.bulk.asked


VERIFY = {"image_b64": B64["p"], "reference_embedding_b64": B64["e"]}


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        pytest.param({"image_b64": B64["p"]}, "reference_embedding_b64", id="missing"),
        pytest.param(VERIFY | {"image": "x"}, "image", id="unknown"),
        pytest.param(VERIFY | {"image_b64": "%%%"}, "image_b64 is not base64", id="not base64"),
        pytest.param(VERIFY | {"image_b64": 5}, "image_b64", id="wrong type"),
        pytest.param(VERIFY | {"threshold": 1.5}, "threshold", id="out of range"),
    ],
)
async def test_a_field_that_is_wrong_is_named(bench: TaskRig, payload: dict[str, Any], named: str) -> None:
    whole = {"session_id": "s", "task_type": "face_verify", "payload": payload}
    for path, body in (("/ml/infer", whole), ("/face/verify", {"session_id": "s", **payload})):
        status, answer, _ = await bench.post(path, body)
        assert (status, answer["success"], answer["error_code"]) == (422, False, "invalid_field")
        assert named in answer["error"]
    assert not bench.live.asked


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param(b"{", 400, "malformed_body", id="not JSON"),
        pytest.param({"task_type": "face_embed", "payload": {}}, 422, "invalid_field", id="no session"),
        pytest.param(
            {"session_id": "s", "task_type": "face_dance", "payload": {}},
            422,
            "unknown_task",
            id="unknown task",
        ),
        pytest.param(
            {"session_id": "a b", "task_type": "face_embed", "payload": {"image_b64": ""}},
            422,
            "invalid_field",
            id="no session id",
        ),
        pytest.param(
            {"session_id": "s", "task_type": "face_embed", "payload": {"image_b64": ""}, "timeout_s": 0},
            422,
            "invalid_field",
            id="no time",
        ),
        pytest.param(
            {"session_id": "s", "task_type": "face_embed", "payload": {"image_b64": "A" * 70_000}},
            413,
            "body_too_large",
            id="too large",
        ),
    ],
)
async def test_what_is_no_request_is_refused(bench: TaskRig, body: Any, status: int, code: str) -> None:
    answered, answer, _ = await bench.post("/ml/infer", body)
    assert (answered, answer["success"], answer["error_code"]) == (status, False, code)
    assert not bench.live.asked


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("no_face", 422),
        ("audio_too_long", 413),
        ("model_unavailable", 503),
        ("deadline_exceeded", 504),
        ("internal_error", 500),
    ],
)
async def test_a_refusal_keeps_the_envelope_with_its_code(bench: TaskRig, code: str, status: int) -> None:
    bench.live.answer = lambda request: TaskFailed(request.request, code, "Some sentence.")
    answered, answer, headers = await bench.post("/face/embed", {"session_id": "s", "image_b64": ""})
    assert (answered, answer | {"latency_ms": 0}) == (
        status,
        {
            "session_id": "s",
            "task_type": "face_embed",
            "success": False,
            "result": None,
            "latency_ms": 0,
            "worker_id": "scheduler-0",
            "error": "Some sentence.",
            "error_code": code,
        },
    )
    assert ("Retry-After" in headers) == (status == 503)


async def test_a_lane_that_has_yet_to_start_is_waited_for(tmp_path: Path) -> None:
    async with RunningApi(make_config(tmp_path)) as api:
        body = {"session_id": "s", "image_b64": ""}
        asking = asyncio.create_task(api.json("POST", "/doc/ocr", json=body))
        status, answer = await api.json("POST", "/doc/ocr", json={**body, "timeout_s": 0.05})
        assert (status, answer["error_code"]) == (503, "worker_gone")
        assert not asking.done()
        bulk = FakeTaskScheduler(tmp_path, "scheduler-bulk")
        assert (await asking)[0] == 200
        bulk.die()


async def test_a_lane_that_has_gone_is_no_reason_to_wait(bench: TaskRig) -> None:
    bench.bulk.die()
    status, answer, headers = await bench.post("/doc/ocr", {"session_id": "s", "image_b64": ""})
    assert (status, answer["error_code"], headers["Retry-After"]) == (503, "worker_gone", "2")
    assert (await bench.post("/face/embed", {"session_id": "s", "image_b64": ""}))[0] == 200


async def test_callers_of_a_scheduler_that_dies_are_told_at_once(bench: TaskRig) -> None:
    bench.live.answer = lambda _: None
    callers = [bench.post("/face/embed", {"session_id": "s", "image_b64": ""}) for _ in range(4)]
    waiting = asyncio.gather(*callers)
    await bench.live.until(lambda: len(bench.live.asked) == 4)
    bench.live.disconnect()
    answers = await waiting
    assert {(status, answer["error_code"]) for status, answer, _ in answers} == {(503, "worker_gone")}


async def test_one_death_is_one_failure_so_the_next_process_gets_work(bench: TaskRig) -> None:
    """Eight callers lost with two processes are two failures, too few for the breaker."""
    for _ in range(2):
        await test_callers_of_a_scheduler_that_dies_are_told_at_once(bench)
        bench.live.answer = done
        await bench.connected()
    assert (await bench.post("/face/embed", {"session_id": "s", "image_b64": ""}))[0] == 200


async def test_a_worker_that_does_not_answer_gets_a_rest(
    bench: TaskRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task_calls, "GRACE_S", 0.0)
    bench.live.answer = lambda _: None
    body = {"session_id": "s", "image_b64": "", "timeout_s": 0.01}
    codes = [(await bench.post("/face/embed", body))[1]["error_code"] for _ in range(6)]
    assert codes == ["deadline_exceeded"] * 5 + ["breaker_open"]
    assert len(bench.live.asked) == 5
    assert (await bench.post("/doc/ocr", body | {"timeout_s": 30}))[0] == 200


def failed(code: str, request: TaskRequest) -> TaskFailed:
    return TaskFailed(request.request, code, "No.")


async def test_no_answer_counts_against_the_worker(bench: TaskRig) -> None:
    """What a caller sends fails for this caller alone, also where it meets a fault of ours."""
    body = {"session_id": "s", "image_b64": ""}
    for code in (ServiceError.code, *BY_CODE):
        bench.live.answer = partial(failed, code)
        assert {(await bench.post("/face/embed", body))[1]["error_code"] for _ in range(6)} == {code}
    bench.live.answer = done
    assert (await bench.post("/face/embed", body))[0] == 200


async def test_a_caller_who_leaves_takes_its_task_along(bench: TaskRig) -> None:
    bench.live.answer = lambda _: None
    body = {"session_id": "s", "image_b64": "", "timeout_s": 600}
    posting = asyncio.create_task(bench.api.json("POST", "/face/embed", json=body))
    await bench.live.until(lambda: len(bench.live.asked) == 1)
    posting.cancel()
    await bench.live.until(lambda: bench.live.cancelled == [bench.live.asked[0].request])


async def test_a_picture_may_be_the_body_and_the_other_fields_the_query(bench: TaskRig) -> None:
    coded = B64["e"].replace("+", "%2B")
    path = f"/face/verify?session_id=s&threshold=0.5&reference_embedding_b64={coded}&timeout_s=9"
    status, answer, _ = await bench.post(path, PICTURE, **{"Content-Type": "image/jpeg"})
    assert (status, answer["success"]) == (200, True)
    assert seen_by(bench.live) == {
        "image_b64": PICTURE,
        "reference_embedding_b64": EMBEDDING,
        "reference_model": None,
        "threshold": 0.5,
    }


async def test_a_picture_that_is_empty_is_still_the_body(bench: TaskRig) -> None:
    status, _, _ = await bench.post("/face/embed?session_id=s", b"", **{"Content-Type": "image/jpeg"})
    assert status == 200
    assert seen_by(bench.live) == {"image_b64": b""}


async def test_a_sound_may_be_the_body(bench: TaskRig) -> None:
    path = "/audio/enroll?session_id=s&sample_rate=16000"
    status, _, _ = await bench.post(path, SOUND, **{"Content-Type": "audio/L16"})
    assert (status, seen_by(bench.live)) == (200, {"audio_b64": SOUND, "sample_rate": 16_000})


def form_of(**parts: str | bytes) -> bytes:
    """A form; bytes come as files, under their own names."""
    lines = []
    for name, value in parts.items():
        file = f'; filename="{name}.bin"' if isinstance(value, bytes) else ""
        head = f'--edge\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        lines.append(head.encode() + (value if isinstance(value, bytes) else value.encode()))
    return b"\r\n".join([*lines, b"--edge--\r\n"])


FORM = {"Content-Type": 'multipart/form-data; boundary="edge"'}


@pytest.mark.parametrize(
    "fields",
    [
        {"id_image": PICTURE, "face_image": PICTURE},
        {"id_image_b64": PICTURE, "face_image_b64": B64["p"]},
    ],
)
async def test_a_form_carries_files_as_they_are(bench: TaskRig, fields: dict[str, Any]) -> None:
    body = form_of(session_id="s", threshold="0.25", **fields)
    status, answer, _ = await bench.post("/doc/id-verify", body, **FORM)
    assert (status, answer["error"]) == (200, None)
    assert seen_by(bench.bulk) == {
        "id_image_b64": PICTURE,
        "face_image_b64": PICTURE,
        "language": "en",
        "threshold": 0.25,
    }


@pytest.mark.parametrize(
    ("path", "body", "kind", "code", "sentence"),
    [
        (
            "/face/embed",
            PICTURE,
            "image/jpeg",
            "invalid_field",
            "The field session_id of the request is missing; it must be 1 to 128 letters, digits or _ . : -, "
            "not just dots.",
        ),
        (
            "/face/embed?session_id=s&timeout_s=soon",
            PICTURE,
            "image/png",
            "invalid_field",
            "The value of timeout_s must be a number above 0 and at most 600.",
        ),
        (
            "/face/embed?session_id=s&session_id=t",
            PICTURE,
            "image/webp",
            "invalid_field",
            "The field session_id is there more than once.",
        ),
        (
            "/face/embed?session_id=s",
            PICTURE,
            "image/tiff",
            "unsupported_media_type",
            "This path takes application/json, multipart/form-data, image/jpeg, image/png, image/webp.",
        ),
        (
            "/doc/id-verify?session_id=s",
            PICTURE,
            "image/jpeg",
            "unsupported_media_type",
            "This path takes application/json, multipart/form-data.",
        ),
        (
            "/face/embed",
            form_of(session_id="s", picture=PICTURE),
            FORM["Content-Type"],
            "invalid_field",
            "The field picture of the request is not known; did you mean image_b64? Known are session_id, "
            "timeout_s, image_b64.",
        ),
        (
            "/face/embed",
            form_of(session_id="s", image=PICTURE)[:-10],
            FORM["Content-Type"],
            "malformed_body",
            "The body is no valid multipart/form-data: it ends before its last boundary.",
        ),
        (
            "/face/embed?session_id=s",
            bytes(1 << 17),
            "image/jpeg",
            "body_too_large",
            "The body may have 65536 bytes.",
        ),
    ],
)
async def test_what_is_wrong_with_them_is_told_as_of_json(
    bench: TaskRig, path: str, body: bytes, kind: str, code: str, sentence: str
) -> None:
    _, answer, _ = await bench.post(path, body, **{"Content-Type": kind})
    assert (answer["error_code"], answer["error"]) == (code, sentence)
    assert bench.live.asked == []


async def test_where_a_session_has_been_is_kept_for_six_hours(bench: TaskRig) -> None:
    await bench.post("/face/embed", {"session_id": "sched_1", "image_b64": ""})
    await bench.post("/doc/ocr", {"session_id": "sched_1", "image_b64": ""})
    from redis.asyncio import Redis

    redis = Redis(unix_socket_path=str(bench.api.config.state_dir / "redis" / "redis.sock"))
    async with redis:
        await answered(lambda: redis.exists("ml:session:sched_1:doc"), lambda count: count == 1)
        assert await redis.get("ml:session:sched_1:face") == b"scheduler-0"
        assert await redis.get("ml:session:sched_1:doc") == b"scheduler-bulk"
        assert 6 * 3600 - 60 < await redis.ttl("ml:session:sched_1:face") <= 6 * 3600


async def test_a_token_for_other_sessions_reaches_no_task(tmp_path: Path) -> None:
    live = FakeTaskScheduler(tmp_path, "scheduler-0")
    tokens = (Token("secret", session_prefix="mine-"),)
    try:
        async with RunningApi(make_config(tmp_path, tokens=tokens)) as api:
            bench = TaskRig(api, live, live)
            body = {"session_id": "mine-1", "image_b64": ""}
            assert (await bench.post("/face/embed", body))[0] == 401
            assert (await bench.post("/face/embed", body, Authorization="Bearer wrong"))[0] == 401
            allowed = {"Authorization": "Bearer secret"}
            status, answer, _ = await bench.post("/face/embed", {**body, "session_id": "theirs"}, **allowed)
            assert (status, answer["error_code"]) == (403, "forbidden")
            await answered(
                partial(bench.post, "/face/embed", body, **allowed), lambda answer: answer[0] != 503
            )
            assert [each.session_id for each in live.asked] == ["mine-1"]
    finally:
        live.die()


async def test_metrics_have_their_names(bench: TaskRig) -> None:
    await bench.post("/face/embed", {"session_id": "s", "image_b64": ""})
    async with bench.api.http.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    assert any(line.startswith('ml_infer_duration_seconds_count{task_type="face_embed"} ') for line in lines)
    assert any(
        line.startswith('ml_orchestrator_dispatch_latency_ms_count{service="face"} ') for line in lines
    )
    assert 'ml_worker_health{worker_id="scheduler-bulk"} 1.0' in lines
    assert 'ml_breaker_open{worker_id="scheduler-0"} 0.0' in lines
