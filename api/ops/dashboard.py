"""The pages, which need nothing from elsewhere, and show only what other paths tell their visitor."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

from aiohttp import web

from argusd.scheduler.contract.errors import PathNotFound

FILES = Path(__file__).parents[1] / "ui"
BY_SUFFIX = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".ts": "text/plain",
}
PART = re.compile(r"<!-- (parts/[a-z_]+\.html) -->\n")
TITLE = re.compile(r"<title>(.+?)(?: · argusd)?</title>")
HEADING = "<!-- title -->"
TYPES = {
    str(file.relative_to(FILES)): BY_SUFFIX[file.suffix]
    for file in sorted(FILES.rglob("*"))
    if file.suffix in BY_SUFFIX
}
"""The pages' files, by their paths: those that several pages use, and in a folder of its own each page's."""

FILE_TYPES = tuple(dict.fromkeys(TYPES.values()))
FileName = Literal[tuple(sorted({Path(path).name for path in TYPES}))]  # type: ignore[valid-type]
PageName = Literal[tuple(sorted({Path(path).parent.name for path in TYPES} - {""}))]  # type: ignore[valid-type]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


PAGES = {
    "/": ("dashboard/dashboard.html", "Show the dashboard."),
    "/operations": ("operations/operations.html", "Show the operations page."),
    "/review": ("review/review.html", "Show the page on which a session's violations are reviewed."),
    "/docs": ("docs/docs.html", "Show the API's documentation."),
    "/try": ("try/try.html", "Show the page that tries a camera."),
}
"""Where each page is, its file, and what it is for."""


def page(path: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The handler that shows the page of a path."""
    file, about = PAGES[path]

    async def handler(_request: web.Request) -> web.Response:
        return page_file(file)

    handler.__doc__ = about
    return handler


async def dashboard_file(request: web.Request) -> web.Response:
    """Serve a file of the pages."""
    parts = request.match_info
    return page_file(f"{parts['page']}/{parts['name']}" if "page" in parts else parts["name"])


def assembled(path: str) -> str:
    """A file as it is served: what pages have in common stands where they name it, ``<!-- parts/… -->``.

    A page's heading is its title.
    """
    text = PART.sub(lambda named: assembled(named[1]), (FILES / path).read_text("utf-8"))
    title = TITLE.search(text)
    return text.replace(HEADING, title[1]) if title else text


def page_file(path: str) -> web.Response:
    """One of the pages' files, small enough to be read on the spot.

    Raises:
        PathNotFound: there is no such file.
    """
    if path not in TYPES:
        raise PathNotFound("The pages have no such file.")
    return small_file(assembled(path).encode(), path)


def small_file(content: bytes, path: str, policy: str = POLICY) -> web.Response:
    """A file that is whole in memory. Browsers ask each time whether it is still the same."""
    content_type = BY_SUFFIX[Path(path).suffix]
    return web.Response(
        body=content,
        content_type=content_type,
        charset=None if content_type == "image/png" else "utf-8",
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"},
    )
