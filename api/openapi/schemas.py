"""The JSON schemas of what is sent: msgspec's, and what it cannot know of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import msgspec

from argusd.scheduler.contract.catalog import PUBLIC_TASKS
from argusd.scheduler.contract.events import Event, Gap
from argusd.scheduler.contract.evidence.records import Evidence
from argusd.scheduler.contract.http import ErrorReply
from argusd.scheduler.contract.names import ENDS
from argusd.scheduler.contract.results import Results
from argusd.scheduler.contract.sessions import SessionSpec
from argusd.scheduler.contract.tasks.spec import AnyTask

from ..config import ApiConfig
from ..http.route import Route
from ..tasks.infer import InferReply, InferRequest
from .alternatives import any_event, any_evidence, any_reply, any_results, told_types
from .references import REF, Json, reference

DIGIT = "[A-Za-z0-9+/_-]"  # of base64, in either alphabet (RFC 4648, sections 4 and 5)
NAMES_OF_MODELS = ("llm_profile", "proxyllm_url")


def schema_of(kind: Any) -> Json:
    """The schema of a simple type."""
    return msgspec.json.schema(kind)


def components(routes: Iterable[Route], config: ApiConfig) -> Mapping[str, Json]:
    """The schemas of all types that the routes name, by their names."""
    types: set[type] = {ErrorReply, Event, Gap, SessionSpec} | told_types()
    types |= {task.payload for task in PUBLIC_TASKS.values()}
    for route in routes:
        replies = (each if isinstance(each, tuple) else (each,) for each in route.replies.values())
        sent = (route.body, route.refusal, *chain.from_iterable(replies))
        types |= {each for each in sent if isinstance(each, type)}
    ordered = sorted(types, key=lambda each: each.__name__)
    _, found = msgspec.json.schema_components(ordered, ref_template=REF)
    for name, field, schema in fields(found):
        if "contentEncoding" in schema:
            schema.update(base64(schema))
        if field in NAMES_OF_MODELS and not config.llm:
            found[name]["properties"][field] = {"type": "null", "default": None}
    for kind, refine in REFINED.items():
        found[kind.__name__] = refine(found[kind.__name__])
    return found


def fields(found: Mapping[str, Json]) -> Iterator[tuple[str, str, Json]]:
    """Each schema of a field, by the names of its type and of itself: of a union, each of its schemas."""
    for name, schema in found.items():
        for field, own in list(schema.get("properties", {}).items()):
            for each in own.get("anyOf", [own]):
                yield name, field, each


def base64(schema: Json) -> Json:
    """What base64 looks like in which a field of bytes is sent; msgspec tells its length alone."""
    least = schema.get("minLength", 0) // 4 * 4
    return {"pattern": f"^({DIGIT}{{4}}){{{least // 4},}}({DIGIT}{{2}}(==)?|{DIGIT}{{3}}=?)?{ENDS}"}


def any_task(schema: Json) -> Json:
    """The body of ``/ml/infer``: one of the tasks, with its own payload."""
    return schema | {"oneOf": [one for task in PUBLIC_TASKS.values() for one in _forms(task)]}


def _forms(task: AnyTask) -> Iterator[Json]:
    """A task's ways to be asked for: one for each of its paths."""
    defaults = {field.name: field.default for field in msgspec.structs.fields(task.payload)}
    for path in task.paths:
        told = [name for name, value in path.fixed.items() if value != defaults[name]]
        values = {name: {"const": value} for name, value in path.fixed.items()}
        values |= {name: {"not": {"type": "null"}} for name in path.needs}
        payload = {**reference(task.payload), "properties": values, "required": [*path.needs, *told]}
        yield {"properties": {"task_type": {"const": task.name}, "payload": payload}}


REFINED: Mapping[type, Callable[[Json], Json]] = {
    InferRequest: any_task,
    InferReply: any_reply,
    Event: any_event,
    Evidence: any_evidence,
    Results: any_results,
}
"""What depends on a name in them."""
