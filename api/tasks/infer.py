"""``POST /ml/infer`` and the paths of single tasks: JSON in, or files; the response envelope out."""

import time
from collections.abc import Awaitable, Callable
from functools import reduce
from operator import or_
from types import NoneType
from typing import Annotated, Any, get_args

import msgspec
from aiohttp import web

from argusd.scheduler.contract.catalog import PUBLIC_TASKS
from argusd.scheduler.contract.errors import ServiceError, UnknownTask
from argusd.scheduler.contract.logs.about import SESSION
from argusd.scheduler.contract.names import Named, did_you_mean
from argusd.scheduler.contract.tasks.spec import AnyTask, Payload, TaskPath
from argusd.scheduler.contract.wording.misfit import HOLDS

from ..access.admitted import GRANT
from ..context import CONTEXT
from ..http.defaults import with_defaults
from ..http.envelope import decode_json, json_reply, read_json, refusal
from ..sessions.session import check_session_id
from .uploads import read_fields

Timeout = Annotated[float, msgspec.Meta(gt=0.0, le=600.0)]
Declared = tuple[str, Any] | tuple[str, Any, Any]

DEFAULT_TIMEOUT_S = 30.0


class InferRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /ml/infer``. ``payload``: see the task's own path."""

    session_id: Named
    task_type: str
    payload: Annotated[
        msgspec.Raw, msgspec.Meta(extra={HOLDS: [task.payload for task in PUBLIC_TASKS.values()]})
    ]
    timeout_s: Timeout = DEFAULT_TIMEOUT_S


class InferReply(msgspec.Struct, frozen=True):
    """The answer to every task. ``error_code`` is there only with an ``error``."""

    session_id: str
    task_type: str
    success: bool
    result: dict[str, Any] | None
    latency_ms: int
    worker_id: str | None
    error: str | None
    error_code: str | msgspec.UnsetType = msgspec.UNSET


async def infer(request: web.Request) -> web.Response:
    """Do a one-shot task."""
    started = time.monotonic()
    context = request.app[CONTEXT]
    context.intake.check_task()
    asked = await read_json(request, InferRequest, context.config.max_task_body)
    task = PUBLIC_TASKS.get(asked.task_type)
    if task is None:
        near = did_you_mean(asked.task_type, PUBLIC_TASKS)
        error = UnknownTask(f"There is no such task_type{near} There are {', '.join(PUBLIC_TASKS)}.")
        return _refusal(asked.session_id, asked.task_type, started, error)
    try:
        payload = decode_json(asked.payload, task.payload, at="payload")
    except ServiceError as error:
        return _refusal(asked.session_id, asked.task_type, started, error)
    return await _do(request, asked.session_id, task, payload, asked.timeout_s, started)


def body_of(task: AnyTask, path: TaskPath) -> type[msgspec.Struct]:
    """The body of a task's own path: its payload's fields but the fixed ones, and the session's id."""
    fields = [field for field in msgspec.structs.fields(task.payload) if field.name not in path.fixed]
    own: list[Declared] = [("session_id", Named), ("timeout_s", Timeout, DEFAULT_TIMEOUT_S)]
    return msgspec.defstruct(
        f"{_title(path)}Request",
        [*own, *(_needed(field) if field.name in path.needs else _declared(field) for field in fields)],
        frozen=True,
        kw_only=True,
        forbid_unknown_fields=True,
        namespace={"__doc__": task.payload.__doc__},
        module=__name__,
    )


def reply_of(task: AnyTask, path: TaskPath) -> type[msgspec.Struct]:
    """The answer at a task's own path: the envelope, with what the task gives."""
    result = path.reply or task.reply
    return msgspec.defstruct(
        f"{_title(path)}InferReply",
        [("result", result | None)],
        bases=(InferReply,),
        frozen=True,
        namespace={"__doc__": result.__doc__},
        module=__name__,
    )


def _title(path: TaskPath) -> str:
    """The path as the name of a type: ``/doc/id-verify`` is ``DocIdVerify``."""
    return "".join(part for part in path.path.title() if part.isalpha())


def _declared(field: msgspec.structs.FieldInfo) -> Declared:
    if field.required:
        return field.name, field.type
    return field.name, field.type, field.default


def _needed(field: msgspec.structs.FieldInfo) -> Declared:
    """The field where it has to be there; its type says how it may be left out."""
    return field.name, reduce(or_, (each for each in get_args(field.type) if each is not NoneType))


def task_handler(
    task: AnyTask, path: TaskPath, body: type[msgspec.Struct]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler of a task's own path, which takes a ``body_of`` it."""

    async def handler(request: web.Request) -> web.Response:
        started = time.monotonic()
        context = request.app[CONTEXT]
        context.intake.check_task()
        asked: Any = await read_fields(request, body, context.config.max_task_body)
        names = [name for name in task.payload.__struct_fields__ if name not in path.fixed]
        payload = task.payload(**{name: getattr(asked, name) for name in names}, **path.fixed)
        return await _do(request, asked.session_id, task, payload, asked.timeout_s, started)

    handler.__name__ = "_".join([task.name, *path.fixed])
    handler.__doc__ = task.payload.__doc__
    return handler


async def _do(
    request: web.Request, session_id: str, task: AnyTask, payload: Payload, timeout_s: float, started: float
) -> web.Response:
    context = request.app[CONTEXT]
    request[GRANT].check_session(session_id)
    SESSION.set(session_id)
    try:
        check_session_id(session_id)
        asked = with_defaults(payload, context.config)
        done = await context.inference.infer(session_id, task, asked, timeout_s)
    except ServiceError as error:
        return _refusal(session_id, task.name, started, error)
    return json_reply(
        InferReply(session_id, task.name, True, done.result, _ms_since(started), done.worker_id, None)
    )


def _refusal(session_id: str, task_type: str, started: float, error: ServiceError) -> web.Response:
    """The envelope of a task that has no result; what the caller named is given back cut to a sane length."""
    body = InferReply(
        session_id=session_id[:128],
        task_type=task_type[:128],
        success=False,
        result=None,
        latency_ms=_ms_since(started),
        worker_id=error.worker_id,
        error=str(error),
        error_code=error.code,
    )
    return refusal(body, error)


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
