"""One-shot tasks: all at one path, and each at its own."""

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.catalog import PUBLIC_TASKS
from argusd.scheduler.contract.tasks.spec import AnyTask, TaskPath

from ..http.route import Route
from ..tasks.infer import (
    InferReply,
    InferRequest,
    body_of,
    infer,
    reply_of,
    task_handler,
)
from .refusals import BODY_ERRORS

TASK_ERRORS = (
    *BODY_ERRORS,
    errors.UnknownTask,
    errors.ScanExpired,
    errors.PictureTooLarge,
    errors.AudioTooLong,
    errors.BadPicture,
    errors.BadAudio,
    errors.NoFace,
    errors.NoSpeech,
    errors.TooShort,
    errors.LanguageUnsupported,
    errors.EmbeddingSize,
    errors.EmbeddingModel,
    errors.LlmProfileUnknown,
    errors.InferenceRefused,
    errors.ModelUnavailable,
    errors.StoreUnavailable,
    errors.NotReady,
    errors.Overloaded,
    errors.Draining,
    errors.WorkerGone,
    errors.BreakerOpen,
    errors.DeadlineExceeded,
)


def task_route(task: AnyTask, path: TaskPath) -> Route:
    """A path of one task's own."""
    body = body_of(task, path)
    return Route(
        "POST",
        path.path,
        task_handler(task, path, body),
        {200: reply_of(task, path)},
        body=body,
        uploads=True,
        refusal=InferReply,
        refusals=TASK_ERRORS,
        session_in_body=True,
        way="task",
        scope="infer",
    )


TASK_ROUTES = (
    *(
        Route(
            "POST",
            path,
            infer,
            {200: InferReply},
            body=InferRequest,
            refusal=InferReply,
            refusals=TASK_ERRORS,
            session_in_body=True,
            way="task",
            scope="infer",
        )
        for path in ("/ml/infer", "/infer")
    ),
    *(task_route(task, path) for task in PUBLIC_TASKS.values() for path in task.paths),
)
