"""Parameters of the query, and of paths: what is nearly one of ours is told, what is not ours is ignored."""

import difflib
from collections.abc import Iterable

from aiohttp import web

from argusd.scheduler.contract.errors import InvalidField
from argusd.scheduler.contract.names import nearest
from argusd.scheduler.contract.wording.misfit import shown

ALIKE = 0.8  # difflib's ratio
LONGEST_PATH = 256


def parameter(request: web.Request, name: str) -> str | None:
    """The value of a parameter.

    Raises:
        InvalidField: another one is there whose name is so near that this one must be meant.
    """
    for other in request.query:
        if other != name and nearest(other, [name]):
            raise InvalidField(f"The parameter {shown(other)} is not known; did you mean {name}?")
    return request.query.get(name)


def nearest_path(asked: str, known: Iterable[str]) -> str | None:
    """The path that a misspelt one most likely means, with its parts in braces as they are in ``known``."""
    fitted = {_filled(path, asked): path for path in known}
    close = difflib.get_close_matches(asked[:LONGEST_PATH], fitted, 1, ALIKE)
    return fitted[close[0]] if close else None


def _filled(path: str, asked: str) -> str:
    """With the asked one's parts in place of what stands in braces."""
    parts, theirs = path.split("/"), asked.split("/")
    if len(parts) != len(theirs):
        return path
    return "/".join(
        their if part.startswith("{") else part for part, their in zip(parts, theirs, strict=True)
    )
