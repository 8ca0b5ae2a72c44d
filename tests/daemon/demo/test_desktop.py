import webbrowser
from pathlib import Path

import pytest

from argusd.daemon.demo.desktop import has_desktop, show_page


@pytest.mark.parametrize("display", [{"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0"}])
def test_a_person_at_a_display_sees_a_page(display: dict[str, str]) -> None:
    assert has_desktop(display, terminal=True)
    assert not has_desktop(display, terminal=False)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"DISPLAY": ""},
        {"DISPLAY": "localhost:10", "SSH_CONNECTION": "…"},
        {"DISPLAY": ":0", "CI": "true"},
    ],
)
def test_nobody_else_does(environment: dict[str, str]) -> None:
    assert not has_desktop(environment, terminal=True)


async def test_the_page_is_opened_in_the_persons_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, browser = tmp_path / "asked", tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {asked}\n')
    browser.chmod(0o755)
    monkeypatch.setattr(webbrowser, "_tryorder", None)  # else it knows the browsers of an earlier environment
    monkeypatch.setenv("BROWSER", str(browser))
    await show_page("http://localhost:8015/try")
    assert asked.read_text() == "http://localhost:8015/try\n"
