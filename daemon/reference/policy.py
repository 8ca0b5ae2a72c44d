"""docs/policy.md: what a session may ask for, and what it gets where it asks for nothing."""

from collections.abc import Iterator, Sequence

import msgspec
from msgspec.inspect import Field, StructType, type_info

from argusd.scheduler.contract.policy import Hold, Policy

from .configuration import COLUMNS, about, row, shown, structs

HEAD = """# Policies

What a session asks for, `policy` of `PUT /sessions/{id}`. Whatever is left out is as it stands here, so a
policy says only what is to be different:

```
PUT /sessions/exam-7    {"policy": {"gaze_away": {"start_after_s": 2}, "phone_detected": {"enabled": false}}}
```

Angles are degrees, times seconds, scores lie between 0 and 1. [The glossary](glossary.md) tells what each
finding means, [findings.md](findings.md) how looks become one, and [accuracy.md](accuracy.md) how to choose
thresholds.

This page is made of the type that policies are checked against (`daemon/reference/`).

"""


def policy() -> str:
    """Every knob of a policy."""
    described = type_info(Policy)
    assert isinstance(described, StructType)
    fields = described.fields
    holds = [field for field in fields if type(field.default) is Hold]
    others = [field for field in fields if field not in holds]
    values = [row(field) for field in others if not isinstance(field.default, msgspec.Struct)]
    whole = f"## The whole\n\n{about(Policy)}\n{COLUMNS}{''.join(values)}\n"
    return HEAD + "\n".join([whole, conditions(holds), *parts(others)])


def conditions(holds: Sequence[Field]) -> str:
    """The section of the findings that have nothing to set but their times."""
    names = [field.name for field in msgspec.structs.fields(Hold)]
    head = f"| key | {' | '.join(f'`{name}`' for name in names)} |\n|{'---|' * (len(names) + 1)}"
    rows = [f"\n| `{field.encode_name}` | {' | '.join(defaults(field.default, names))} |" for field in holds]
    return f"## Findings without a threshold\n\n{about(Hold)}\n{head}{''.join(rows)}\n"


def parts(fields: Sequence[Field]) -> Iterator[str]:
    """A section for each part, with its own defaults."""
    for field in fields:
        for found in structs(field.type):
            given = defaults(field.default, [each.encode_name for each in found.fields])
            rows = map(row, found.fields, given) if given else map(row, found.fields)
            yield f"## `{field.encode_name}`\n\n{about(found.cls)}\n{COLUMNS}{''.join(rows)}\n"


def defaults(given: object, names: Sequence[str]) -> list[str]:
    """What these fields of a part are where nothing is said; none where the whole part is left out then."""
    return [shown(getattr(given, name)) for name in names] if isinstance(given, msgspec.Struct) else []
