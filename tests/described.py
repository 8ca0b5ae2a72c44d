"""What a daemon tells, held against what its ``/openapi.json`` says of it."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from argusd.api.config import ApiConfig
from argusd.api.openapi.document import document
from argusd.api.routes.table import ROUTES


def described(name: str, value: Any) -> bool:
    """Whether a value is what the document calls by this name."""
    return validator(name).is_valid(value)


def told(event: dict[str, Any]) -> dict[str, Any]:
    """The data of a server-sent event, which are an ``Event`` or a ``Gap`` to the letter."""
    name = "Gap" if event["type"] == "gap" else "Event"
    wrong = [f"{error.instance_path}: {error.message}" for error in validator(name).iter_errors(event)]
    assert not wrong, (event, wrong)
    return event


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    """What checks values of this name."""
    config = ApiConfig(runtime_dir=Path("run"), state_dir=Path("state"))
    schema = {**document(ROUTES, config), "$ref": f"#/components/schemas/{name}"}
    return jsonschema_rs.validator_for(schema)
