"""The text tasks through the running api."""

from pathlib import Path
from typing import Any

from ..fixtures import RunningApi, make_config
from .fake_llm import FakeLlm
from .texts import TALK

CLEAN = '{"category": "ok", "action": "allow", "confidence": 0.9, "reasoning": "Fine."}'


async def infer(api: RunningApi, task_type: str, payload: dict[str, Any], **more: Any) -> tuple[int, Any]:
    body = {"session_id": "s", "task_type": task_type, "payload": payload, **more}
    return await api.json("POST", "/ml/infer", json=body)


async def test_a_transcript_is_analyzed_without_any_model(tmp_path: Path) -> None:
    async with RunningApi(make_config(tmp_path)) as api:
        status, answer = await infer(api, "plagiarism_analyze", {"transcript": TALK})
    assert (status, answer["success"], answer["worker_id"]) == (200, True, "api")
    result = answer["result"]
    assert (result["risk_score"], result["llm_verdict"], result["llm"]) == (0.0, None, "no_profile")
    assert result["stylometry"]["language"] == "en"


async def test_a_configured_model_judges_and_a_foreign_one_is_never_asked(tmp_path: Path) -> None:
    async with FakeLlm(CLEAN) as ours, FakeLlm(CLEAN) as theirs:
        config = make_config(tmp_path, llm={"default": ours.profile()})
        async with RunningApi(config) as api:
            judged = await infer(api, "response_moderate", {"text": "We shipped it."})
            refused = await infer(
                api, "response_moderate", {"text": "We shipped it.", "proxyllm_url": theirs.url}
            )
    assert (judged[0], judged[1]["result"]["category"], judged[1]["result"]["llm"]) == (200, "ok", "ok")
    assert (refused[0], refused[1]["error_code"]) == (422, "llm_profile_unknown")
    assert theirs.requests == []


async def test_a_model_that_is_too_slow_for_the_caller_costs_only_the_verdict(tmp_path: Path) -> None:
    async with FakeLlm(None) as silent:
        config = make_config(tmp_path, llm={"default": silent.profile(timeout_s=60.0)})
        async with RunningApi(config) as api:
            status, answer = await infer(api, "plagiarism_analyze", {"transcript": TALK}, timeout_s=3.0)
    assert (status, answer["result"]["llm"], answer["result"]["llm_verdict"]) == (200, "llm_timeout", None)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("plagiarism_analyze", {}, "transcript"),
    ("plagiarism_analyze", {"transcript": 5}, "transcript"),
    ("plagiarism_analyze", {"transcript": "…"}, "transcript"),
    ("plagiarism_analyze", {"transcript": "So", "model": "x"}, "model"),
    ("response_moderate", {"text": ""}, "text"),
    ("response_moderate", {"text": "So", "partial": "yes"}, "partial"),
]


async def test_a_wrong_field_is_named(tmp_path: Path) -> None:
    async with RunningApi(make_config(tmp_path)) as api:
        for task_type, payload, field in WRONG:
            status, answer = await infer(api, task_type, payload)
            assert (status, answer["success"], answer["error_code"]) == (422, False, "invalid_field")
            assert field in answer["error"]
