"""The pages, which need nothing from elsewhere, and show only what other paths tell their visitor."""

from pathlib import Path
from typing import Literal

from aiohttp import web

from argusd.scheduler.contract.errors import PathNotFound

FILES = Path(__file__).parents[1] / "ui"
BY_SUFFIX = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".ts": "text/plain",
}
TYPES = {file.name: BY_SUFFIX[file.suffix] for file in sorted(FILES.iterdir()) if file.suffix in BY_SUFFIX}
FILE_TYPES = tuple(dict.fromkeys(TYPES.values()))
FileName = Literal[tuple(TYPES)]  # type: ignore[valid-type]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def dashboard(_request: web.Request) -> web.Response:
    """Show the dashboard."""
    return page_file("index.html")


async def operations_page(_request: web.Request) -> web.Response:
    """Show the operations page."""
    return page_file("operations.html")


async def dashboard_file(request: web.Request) -> web.Response:
    """Serve a file of the pages."""
    return page_file(request.match_info["name"])


def page_file(name: str) -> web.Response:
    """One of the pages' files, small enough to be read on the spot.

    Raises:
        PathNotFound: there is no such file.
    """
    if name not in TYPES:
        raise PathNotFound("The pages have no such file.")
    return web.Response(
        body=(FILES / name).read_bytes(),
        content_type=TYPES[name],
        charset="utf-8",
        headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"},
    )
