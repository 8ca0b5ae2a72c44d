"""The document and the daemon agree: schemathesis asks for whatever ``/openapi.json`` says or denies.

Every answer has a declared status and body, what fits the document is taken, and what does not is refused.
The schedulers are fakes that answer every task; what is wrong with a picture, no schema can say.
"""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect

from argusd.api.config import Token
from argusd.scheduler.contract.catalog import TASKS
from argusd.scheduler.contract.messages import TaskDone, TaskRequest

from ..api.fake_task_scheduler import FakeTaskScheduler
from ..api.fakes import FakeWorker
from ..api.fixtures import RunningApi, make_config
from .conftest import Cases

HERE = Path(__file__).parent
GENERATED = re.compile(r"(\d+) generated")
TOKEN = "a-token"
SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CASES_A_SECOND = 30  # of each operation: in the 20 s that fuzzing takes by default, some 20,000 in all
A_FEW = 6  # of each operation, in every test run
NEVER = 1_000_000  # attempts to publish in a minute, and sessions


def answer(request: TaskRequest) -> TaskDone:
    """Every task succeeds, with the least that its reply may be."""
    result = least(inspect.type_info(TASKS[request.task_type].reply))
    return TaskDone(request.request, result, {"role": "model"}, 0.001)


def least(kind: inspect.Type) -> Any:
    """A value of the type."""
    match kind:
        case inspect.Metadata():
            return least(kind.type)
        case inspect.UnionType():
            return least(next(each for each in kind.types if not isinstance(each, inspect.NoneType)))
        case inspect.StructType():
            # Whoever calls adds the models.
            fields = (field for field in kind.fields if field.encode_name != "models")
            return {field.encode_name: least(field.type) for field in fields}
        case inspect.BoolType():
            return False
        case inspect.IntType() | inspect.FloatType():
            return kind.ge or 0
        case inspect.ListType() | inspect.VarTupleType():
            return []
        case inspect.DictType():
            return {}
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.BytesType():
            return b""
    return ""


@contextlib.asynccontextmanager
async def running(folder: Path, tokens: tuple[Token, ...]) -> AsyncIterator[RunningApi]:
    """An api with a worker for everything, and no limit to how often it is asked."""
    fakes = (
        FakeWorker(folder / "ingest-0.sock", max_sessions=NEVER),
        FakeTaskScheduler(folder, "scheduler-0", answer),
        FakeTaskScheduler(folder, "scheduler-bulk", answer),
    )
    config = make_config(
        folder,
        tokens=tokens,
        whip_posts_per_minute=NEVER,
        whip_posts_per_minute_and_session=NEVER,
    )
    try:
        async with RunningApi(config) as api:
            yield api
    finally:
        for fake in fakes:
            fake.die()


async def test_the_daemon_does_what_its_document_says(
    fuzz_seconds: float, cases: Cases, tmp_path: Path
) -> None:
    async with running(tmp_path, ()) as api:
        cases.count("openapi", await tried(api, fuzz_seconds))


async def test_it_does_so_with_a_token(fuzz_seconds: float, cases: Cases, tmp_path: Path) -> None:
    if not fuzz_seconds:
        pytest.skip("one of the two is enough for every run: make fuzz tries both")
    async with running(tmp_path, (Token(TOKEN),)) as api:
        cases.count("with a token", await tried(api, fuzz_seconds))


async def tried(api: RunningApi, fuzz_seconds: float) -> int:
    """How many requests schemathesis made; none of the answers is anything but what the document says."""
    each = int(CASES_A_SECOND * fuzz_seconds) or A_FEW
    phases = "coverage,fuzzing,stateful" if fuzz_seconds else "fuzzing"
    header = [f"--header=Authorization: Bearer {TOKEN}"] if api.config.tokens else []
    process = await asyncio.create_subprocess_exec(
        *(SCHEMATHESIS, f"--config-file={HERE / 'schemathesis.toml'}", "run", f"{api.url}/openapi.json"),
        *(f"--max-examples={each}", f"--phases={phases}", "--seed=1", "--no-color", *header),
        cwd=api.config.runtime_dir,
        env=os.environ | {"SCHEMATHESIS_HOOKS": str(HERE / "schemathesis_hooks.py")},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told = (await process.communicate())[0].decode()
    assert process.returncode == 0, told
    generated = GENERATED.search(told)
    assert generated, told
    return int(generated[1])
