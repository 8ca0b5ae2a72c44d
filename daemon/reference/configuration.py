"""docs/configuration.md: every key, made of the types of the configuration."""

import inspect
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec.inspect import Field, StructType, Type, type_info

from argusd.scheduler.contract.wording.in_words import describe, members

from ..config import is_derived
from ..settings.keys import SECTIONS, Shared

HEAD = """# Configuration

One TOML file (`--config FILE`, or the variable `ARGUSD_CONFIG`). Each key can come from the environment as
well, which wins: `ARGUSD_STATE_DIR` is `state_dir`, `ARGUSD_API__PORT` is `api.port`. A value that begins
with `[` or `{` is read as TOML. Unknown keys are refused.

Two variables are for clients: `ARGUSD_URL` is the daemon that they ask, `ARGUSD_TOKEN` what they show it.
What Kubernetes sets for a service that is called argusd (`ARGUSD_SERVICE_HOST`, …) is passed over.

This page is made of the types that the daemon reads its configuration into (`daemon/reference/`).

"""
COLUMNS = "| key | may be | default |\n|---|---|---|"


def configuration() -> str:
    """Every key of the configuration."""
    tables = [table("Top-level keys", Shared, "")]
    tables += [table(f"`[{name}]`", kind, f"{name}.") for name, kind in SECTIONS.items()]
    return HEAD + "\n".join(tables)


def table(title: str, kind: type[msgspec.Struct], prefix: str) -> str:
    """One table of the file, and those that its keys hold."""
    described = type_info(kind)
    assert isinstance(described, StructType)
    fields = [field for field in described.fields if not is_derived(prefix + field.encode_name)]
    parts = [f"## {title}\n", about(kind), COLUMNS + "".join(map(row, fields)), ""]
    for field in fields:
        for inner in {each.cls: each for each in structs(field.type)}.values():
            parts.append(f"### Of `{prefix}{field.encode_name}`\n\n{about(inner.cls)}\n")
            parts.append(COLUMNS + "".join(map(row, inner.fields)) + "\n")
    return "\n".join(parts)


def about(kind: type) -> str:
    """A type's docstring as Markdown."""
    return re.sub(r"``", "`", inspect.getdoc(kind) or "") + "\n"


def row(field: Field, otherwise: str | None = None) -> str:
    """A key, what it may be, and what it is where nothing is said: ``otherwise``, or the field's default."""
    kind = describe(field.type)
    if not field.required:  # left out, it is as if it were null
        kind = re.sub(r"^null, or |, or null$", "", kind)
    kind = re.sub(r"(?<=that matches )\^\S*[^\s,]", r"`\g<0>`", kind.replace("|", "\\|").replace("<", "\\<"))
    return f"\n| `{field.encode_name}` | {kind} | {otherwise or default(field)} |"


def default(field: Field) -> str:
    """The value where none is given; nothing where one has to be, or where it follows from the machine."""
    if field.required:
        return "required"
    if field.default_factory is not msgspec.NODEFAULT:
        made = field.default_factory in (list, dict, set, tuple)
        return shown(field.default_factory()) if made else "this machine's own"
    return "left out" if field.default in (msgspec.NODEFAULT, msgspec.UNSET) else shown(field.default)


def shown(value: Any) -> str:
    """A value as TOML has it."""
    if value is None:
        return "none"
    return f"`{msgspec.json.encode(value, enc_hook=str).decode()}`"


def structs(kind: Type) -> Iterator[StructType]:
    """The tables that a value holds."""
    for each in members(kind):
        if isinstance(each, StructType):
            yield each
        for inner in ("item_type", "value_type"):
            if hasattr(each, inner):
                yield from structs(getattr(each, inner))
