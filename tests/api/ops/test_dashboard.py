import re

import pytest

from argusd.api.ops.dashboard import FILES

from ..fixtures import Rig

SVG_NAMESPACE = "http://www.w3.org/2000/svg"


@pytest.mark.parametrize(("path", "part"), [("/", "dashboard"), ("/operations", "operations")])
async def test_a_page_and_its_files_are_served_under_a_strict_policy(rig: Rig, path: str, part: str) -> None:
    async with rig.api.http.get(path) as response:
        page = await response.text()
        assert response.content_type == "text/html"
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    wanted = set(re.findall(r'(?:src|href)="(/ui/[^"]+)"', page))
    assert wanted >= {"/ui/eye.svg", "/ui/style.css", f"/ui/{part}.js"}
    for path in wanted:
        async with rig.api.http.get(path) as response:
            assert response.status == 200


async def test_nothing_else_can_be_had(rig: Rig) -> None:
    for path in ("/ui/nothing.js", "/ui/..%2fapp.py", "/ui/%2e%2e/app.py", "/ui/"):
        status, body = await rig.api.json("GET", path)
        assert (status, body["error_code"]) == (404, "not_found")


def test_no_page_holds_inline_code_or_fetches_anything_from_elsewhere() -> None:
    for page in FILES.glob("*.html"):
        assert re.findall(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page.read_text()) == []
    for file in FILES.iterdir():
        if file.suffix != ".svg":
            assert "://" not in file.read_text().replace(SVG_NAMESPACE, "")
        assert "innerHTML" not in file.read_text()


def test_its_scripts_import_only_each_other() -> None:
    files = {f"./{file.name}" for file in FILES.iterdir()}
    imported = {
        name
        for script in FILES.glob("*.js")
        for name in re.findall(r'(?:from |import\()"([^"]+)"', script.read_text())
    }
    pages = "".join(page.read_text() for page in FILES.glob("*.html"))
    begun = {f"./{name}" for name in re.findall(r'src="/ui/([^"]+)"', pages)}
    assert imported <= files
    assert {f"./{script.name}" for script in FILES.glob("*.js")} <= imported | begun, "each is used"
