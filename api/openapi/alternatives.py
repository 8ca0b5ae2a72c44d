"""Schemas that depend on a name: a task's result, a stream's result, a finding's data."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from argusd.scheduler.contract.catalog import PUBLIC_TASKS, STREAMS
from argusd.scheduler.contract.results import StreamResult
from argusd.scheduler.contract.streams.spec import StreamSpec
from argusd.scheduler.contract.tasks.spec import AnyTask
from argusd.scheduler.contract.told.findings import LOST_TRACKS, FindingData

from .references import Json, reference


class Alternative(NamedTuple):
    """Where these properties have these values, those have these schemas."""

    where: dict[str, str]
    then: dict[str, Json]


def told_types() -> set[type]:
    """The types of what tasks give and streams tell, which no route names."""
    types: set[type] = {FindingData, *LOST_TRACKS.values()}
    for task in PUBLIC_TASKS.values():
        types |= set(replies(task))
    for stream in STREAMS.values():
        types |= {*stream.violations.values(), *stream.observations.values()}
        types |= {stream.result} if stream.result else set()
    return types


def any_reply(schema: Json) -> Json:
    """The answer of ``/ml/infer``: the result is its task's."""
    return one_of(schema, [_replied(task) for task in PUBLIC_TASKS.values()])


def any_event(schema: Json) -> Json:
    """An event: the data are those of its name. What a session's changes tell is in words only."""
    lost = [_found("violation", name, reference(data)) for name, data in LOST_TRACKS.items()]
    return one_of(schema, [*lost, *(each for stream in STREAMS.values() for each in _findings(stream))])


def any_results(schema: Json) -> Json:
    """A session's results: each stream has its own data."""
    streams = {
        stream.name: {
            "allOf": [reference(StreamResult), {"properties": {"data": reference(stream.result)}}],
        }
        for stream in STREAMS.values()
        if stream.result is not None
    }
    properties = schema["properties"]
    return schema | {"properties": properties | {"streams": properties["streams"] | {"properties": streams}}}


def any_evidence(schema: Json) -> Json:
    """A piece of evidence: what was seen, if anything was, is what the violation's stream tells."""
    conditions = [
        {
            "if": {"properties": {"violation": {"properties": {"stream": {"const": stream.name}}}}},
            "then": {"properties": {"seen": {"anyOf": [reference(stream.result), {"maxProperties": 0}]}}},
        }
        for stream in STREAMS.values()
        if stream.result is not None
    ]
    return schema | {"allOf": conditions}


def one_of(schema: Json, alternatives: Iterable[Alternative]) -> Json:
    """A schema of which exactly one of these holds, or none of their conditions."""
    conditions, forms = [], []
    for where, then in alternatives:
        condition = {name: {"const": value} for name, value in where.items()}
        conditions.append({"properties": condition})
        forms.append({"properties": {**condition, **then}})
    return schema | {"oneOf": [*forms, {"not": {"anyOf": conditions}}]}


def replies(task: AnyTask) -> Iterable[type]:
    """What a task may give, by its paths."""
    return dict.fromkeys([task.reply, *(path.reply for path in task.paths if path.reply)])


def _replied(task: AnyTask) -> Alternative:
    results = [reference(each) for each in replies(task)]
    return Alternative({"task_type": task.name}, {"result": {"anyOf": [*results, {"type": "null"}]}})


def _findings(stream: StreamSpec) -> Iterator[Alternative]:
    for name, violation in stream.violations.items():
        yield _found("violation", name, reference(violation))
    for name, observation in stream.observations.items():
        yield _found("observation", name, reference(observation))
    if stream.result is not None:
        both = {"allOf": [reference(FindingData), reference(stream.result)]}
        yield _found("observation", stream.name, both)


def _found(kind: str, name: str, data: Json) -> Alternative:
    return Alternative({"type": kind, "name": name}, {"data": data})
