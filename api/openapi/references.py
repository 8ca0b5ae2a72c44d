"""Where schemas stand in the document."""

from typing import Any

REF = "#/components/schemas/{name}"

Json = dict[str, Any]


def reference(kind: type) -> Json:
    """Where the schema of a type stands."""
    return {"$ref": REF.format(name=kind.__name__)}
