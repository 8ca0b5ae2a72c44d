"""The guide: the documents as a site, which is built beforehand and only read here."""

from pathlib import Path
from typing import Literal

from aiohttp import web

from argusd.scheduler.contract.errors import PathNotFound

from .dashboard import BY_SUFFIX, POLICY, page_file, small_file

SITE = Path(__file__).parents[1] / "guide"
"""Where ``make docs`` puts it, and a wheel has it."""

INDEX, UNBUILT = "index.html", "guide/unbuilt.html"
SEARCHES = POLICY.replace("form-action 'none'", "form-action 'self'")
GUIDE_TYPES = tuple(dict.fromkeys(BY_SUFFIX.values()))
GuideFolder = Literal["_images", "_static"]


async def guide(_request: web.Request) -> web.Response:
    """Show the guide's first page, or how the guide is built."""
    return shown(INDEX)


async def to_guide(_request: web.Request) -> web.Response:
    """Lead to the guide: its links count from ``/guide/``."""
    return web.Response(status=308, headers={"Location": "/guide/"})


async def guide_page(request: web.Request) -> web.Response:
    """Show a page of the guide, or how the guide is built."""
    return shown(request.match_info["name"])


async def guide_asset(request: web.Request) -> web.Response:
    """Serve what the guide's pages load."""
    return guide_file("{folder}/{name}".format_map(request.match_info))


def shown(path: str) -> web.Response:
    """A page of the site, or where there is no site, how it is built."""
    return guide_file(path) if (SITE / INDEX).is_file() else page_file(UNBUILT)


def guide_file(path: str) -> web.Response:
    """One of the site's files, small enough to be read on the spot.

    Raises:
        PathNotFound: there is no such file.
    """
    file = (SITE / path).resolve()
    if file.suffix not in BY_SUFFIX or SITE.resolve() not in file.parents or not file.is_file():
        raise PathNotFound("The guide has no such file.")
    return small_file(file.read_bytes(), path, SEARCHES)
