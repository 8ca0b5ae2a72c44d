import logging
import subprocess
import sys
from pathlib import Path

import pytest

from argusd.api.analysis import completion
from argusd.api.analysis.errors import LlmUnavailable
from argusd.api.config import LlmProfile


async def test_without_litellm_there_is_no_answer_and_the_log_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "litellm", None)  # an import of it fails
    completion._load.cache_clear()
    with pytest.raises(LlmUnavailable):
        await completion.complete(LlmProfile(model="provider/model"), [])
    assert "install argusd[llm]" in caplog.text


async def test_a_model_that_belongs_to_no_provider_is_unavailable(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LlmUnavailable):
        await completion.complete(LlmProfile(model="nobody/knows"), [])
    assert capfd.readouterr().out == ""


async def test_libraries_that_would_log_prompts_are_silenced() -> None:
    await completion.load_library()
    levels = {logging.getLogger(name).level for name in ("LiteLLM", "openai", "httpx", "httpcore")}
    assert levels == {logging.CRITICAL}


def test_the_import_uses_no_network_and_no_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PLANTED=1\n")
    code = """
import asyncio, os, sys
touched, network = [], {"socket.connect", "socket.getaddrinfo"}
sys.addaudithook(lambda event, args: touched.append(event) if event in network else None)
from argusd.api.analysis.completion import load_library
asyncio.run(load_library())
print(touched, os.environ.get("PLANTED"))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert ran.stdout == "[] None\n"
