from collections.abc import Iterator

import pytest

from ...peers import chromium
from ...peers.installed import require_program
from ...peers.remote import Browser


@pytest.fixture(scope="package")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, whose camera and microphone nobody asks for."""
    require_program("chromium")
    folder = tmp_path_factory.mktemp("browser")
    with chromium.running(folder / "profile", folder / "no camera", folder / "no microphone") as browser:
        yield browser
