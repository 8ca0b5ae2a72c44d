import re

import pytest

from argusd.api.ops.dashboard import FILES, PAGES, TYPES, assembled
from argusd.api.ops.guide import UNBUILT

from ..fixtures import Rig

SVG_NAMESPACE = "http://www.w3.org/2000/svg"


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_and_its_files_are_served_under_a_strict_policy(rig: Rig, path: str) -> None:
    async with rig.api.http.get(path) as response:
        page = await response.text()
        assert response.content_type == "text/html"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    wanted = set(re.findall(r'(?:src|href)="(/ui/[^"]+)"', page))
    assert wanted >= {"/ui/eye.svg", "/ui/style.css"}
    for file in wanted:
        async with rig.api.http.get(file) as response:
            assert response.status == 200


async def test_nothing_else_can_be_had(rig: Rig) -> None:
    for path in ("/ui/nothing.js", "/ui/..%2fapp.py", "/ui/%2e%2e/app.py", "/ui/"):
        status, body = await rig.api.json("GET", path)
        assert (status, body["error_code"]) == (404, "not_found")


def test_every_page_is_shown_somewhere() -> None:
    shown = {file for file, _ in PAGES.values()}
    pages = {path for path in TYPES if path.endswith(".html") and not path.startswith("parts/")}
    assert pages == shown | {UNBUILT}


@pytest.mark.parametrize("path", [file for file, _ in PAGES.values()])
def test_what_pages_have_in_common_stands_in_each_once(path: str) -> None:
    page = assembled(path)
    assert page.count('<link rel="stylesheet" href="/ui/style.css">') == 1
    assert page.count('id="sign-in"') == 1
    assert "<!--" not in page
    heading = re.findall(r'<h1 id="title">(.+)</h1>', page)
    assert heading == re.findall(r"<title>(.+?)(?: · argusd)?</title>", page)


@pytest.mark.parametrize("path", TYPES)
def test_a_file_holds_no_inline_code_and_fetches_nothing_from_elsewhere(path: str) -> None:
    text = (FILES / path).read_text()
    if path.endswith(".html"):
        assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", text) == []
    if not path.endswith(".svg"):
        assert "://" not in text.replace(SVG_NAMESPACE, "")
    assert "innerHTML" not in text


def test_every_file_is_served() -> None:
    assert {str(file.relative_to(FILES)) for file in FILES.rglob("*") if file.is_file()} == set(TYPES)


def test_scripts_import_only_each_other_and_each_is_used() -> None:
    scripts = {file.resolve() for file in FILES.rglob("*.js")}
    imported = {
        (script.parent / name).resolve()
        for script in scripts
        for name in re.findall(r'(?:from |import\()"([^"]+\.js)"', script.read_text())
    }
    pages = "".join(page.read_text() for page in FILES.rglob("*.html"))
    begun = {(FILES / name).resolve() for name in re.findall(r'src="/ui/([^"]+\.js)"', pages)}
    assert imported | begun == scripts
