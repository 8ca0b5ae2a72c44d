"""The lines of Python in the documents work: each block as the body of a service's own function."""

import asyncio
import os
import re
import textwrap
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from argusd.api.config import Token
from argusd.interviewer_bridge import Event, MLOrchestratorClient
from argusd.scheduler.contract.catalog import TASKS

from .api.fake_task_scheduler import done
from .api.fixtures import running_rig
from .api.streams.clients import jpeg
from .documents import ROOT, blocks

BRIDGE = "interviewer_bridge/README.md"
LINES = {block.document: block.text for block in blocks("python")}
RUN_ELSEWHERE = {
    "CONTRIBUTING.md": "tests/live/test_contributing.py",
    "docs/clients.md": "tests/test_documented_clients.py",
    "docs/webhooks.md": "tests/api/webhooks/test_documents.py",
}

Function = Callable[..., Coroutine[Any, Any, Any]]


def function_of(document: str, url: str) -> Function:
    """The document's lines as a coroutine function that asks this daemon; ``...`` gives back the event."""
    lines = LINES[document].replace("https://argusd.example", url)
    lines = re.sub(r"^(\s+)\.\.\.$", r"\1return event", lines, flags=re.MULTILINE)
    parameters = "MLOrchestratorClient=None, os=None, jpeg=None"
    scope: dict[str, Any] = {}
    exec(f"async def run({parameters}):\n{textwrap.indent(lines, '    ')}", scope)
    run: Function = scope["run"]
    return run


def test_all_lines_are_run_here_or_elsewhere() -> None:
    assert set(LINES) == {"README.md", "docs/access.md", BRIDGE, *RUN_ELSEWHERE}
    assert all((ROOT / where).exists() for where in RUN_ELSEWHERE.values())


async def test_the_readmes_lines_ask_for_a_task_and_follow_events(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_rig(tmp_path) as rig:
        rig.scheduler.answer = done
        monkeypatch.setenv("ML_ORCHESTRATOR_URL", rig.api.url)
        run = function_of("README.md", rig.api.url)
        running = asyncio.create_task(run(MLOrchestratorClient=MLOrchestratorClient, jpeg=jpeg()))
        await rig.api.until_metric("ml_event_readers", 1)
        await rig.api.publish("candidate-7")
        event = await running
        assert isinstance(event, Event)
        assert event.name == "connecting"


async def test_the_lines_about_access_make_a_pages_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_rig(tmp_path, tokens=(Token("service"),)) as rig:
        monkeypatch.setenv("ARGUSD_TOKEN", "service")
        run = function_of("docs/access.md", rig.api.url)
        made = await run(MLOrchestratorClient=MLOrchestratorClient, os=os)
        page = {"Authorization": f"Bearer {made['token']}"}
        assert (await rig.api.json("GET", "/sessions/interview-8/events", headers=page))[0] == 403
        assert (await rig.api.json("GET", "/sessions/interview-7/events", headers=page))[0] == 404


async def test_the_bridges_lines_ask_for_a_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_rig(tmp_path) as rig:
        rig.scheduler.answer = done
        monkeypatch.setenv("ML_ORCHESTRATOR_URL", rig.api.url)
        await function_of(BRIDGE, rig.api.url)(jpeg=jpeg())
        assert [each.task_type for each in rig.scheduler.asked] == ["face_embed"]


async def test_the_bridges_table_names_what_the_client_has() -> None:
    table = (ROOT / BRIDGE).read_text()
    async with MLOrchestratorClient() as client:
        assert {name for name in re.findall(r"\bml\.(\w+)", table) if not hasattr(client, name)} == set()
    assert set(re.findall(r'"(\w+_\w+)"(?:, \{|`)', table)) <= set(TASKS)
