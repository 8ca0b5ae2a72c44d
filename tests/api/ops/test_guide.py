"""The guide is served as it was built, under a policy as strict as the pages'."""

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from argusd.api.ops import guide

from ...guide import built
from ..fixtures import Rig


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("guide") / "site")


def names(site: Path) -> list[str]:
    return [page.name for page in site.glob("*.html")]


async def test_every_page_is_served_with_what_it_loads_and_leads_to(
    rig: Rig, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guide, "SITE", site)
    wanted = {"/guide"}
    for name in names(site):
        async with rig.api.http.get(f"/guide/{name}") as response:
            assert response.status == 200
            assert "unsafe" not in response.headers["Content-Security-Policy"]
            text = await response.text()
        wanted |= {
            urljoin("/guide/", path)
            for path in re.findall(r'(?:src|href|action)="([^"#?]+)[^"]*"', text)
            if "://" not in path
        }
    assert {"/guide/quickstart.html", "/guide/_static/guide.css", "/docs", "/try"} <= wanted
    for path in sorted(wanted):
        async with rig.api.http.get(path) as response:
            assert response.status == 200, path


async def test_where_it_is_not_built_the_page_says_how(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guide, "SITE", tmp_path / "none")
    for path in ("/guide/", "/guide/glossary.html"):
        async with rig.api.http.get(path) as response:
            assert response.status == 200
            assert "make docs" in await response.text()
    status, body = await rig.api.json("GET", "/guide/_static/guide.css")
    assert (status, body["error_code"]) == (404, "not_found")


async def test_nothing_else_can_be_had(rig: Rig, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "SITE", site)
    (site.parent / "secret.html").write_text("secret")
    for name in (
        "..%2fsecret.html",
        "%2e%2e/secret.html",
        "_static/..%2f..%2fsecret.html",
        "objects.inv",
        "none.html",
    ):
        assert (await rig.api.json("GET", f"/guide/{name}"))[0] == 404
