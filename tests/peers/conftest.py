"""One daemon, one browser, and one scene before all cameras, for every test of this folder."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from argusd.daemon.config import load_config
from argusd.scheduler.zoo.store import ZooStore

from ..live_daemon import Daemon, started
from . import chromium, firefox
from .installed import NODE_MODULES, require_program
from .media import (
    Scene,
    scene,
    write_camera,
    write_clip,
    write_microphone,
    write_packets,
    write_picture,
)
from .remote import Browser

PAGES = Path(__file__).parent / "pages"


class Pages(SimpleHTTPRequestHandler):
    """Serves the pages, silently."""

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="package")
def site(seen: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, and beside them what is seen and heard: a camera's files and those that a page plays."""
    folder = tmp_path_factory.mktemp("site")
    for page in PAGES.iterdir():
        (folder / page.name).symlink_to(page)
    (folder / NODE_MODULES.name).symlink_to(NODE_MODULES)
    write_camera(seen, folder / "camera.mjpeg")
    write_picture(seen, folder / "camera.jpg")
    write_microphone(seen, folder / "microphone.wav")
    return folder


@pytest.fixture(scope="package")
def page_server(site: Path) -> Iterator[int]:
    """The port of a server of the pages, which is not the daemon's own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, directory=str(site))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture(scope="package")
def page(page_server: int) -> str:
    """A page that can publish."""
    return f"http://127.0.0.1:{page_server}/publisher.html"


@pytest.fixture(scope="package")
def friend(page_server: int) -> str:
    """The origin of a page from elsewhere that the daemon is told to let in."""
    return f"http://interview.localhost:{page_server}"


@pytest.fixture(scope="package")
def models() -> ZooStore:
    store = ZooStore(load_config().cache_dir)
    store.pull(["live", "sample"])
    return store


@pytest.fixture(scope="package")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the daemon keeps what it keeps."""
    return tmp_path_factory.mktemp("state")


@pytest.fixture(scope="package")
def daemon(models: ZooStore, friend: str, state_dir: Path) -> Iterator[Daemon]:
    # A peer that is silent is given up sooner than by default: several tests wait for it.
    with started(state_dir, API__ALLOWED_ORIGINS=f'["{friend}"]', INGEST__CLOSED_S="5") as daemon:
        yield daemon


@pytest.fixture(scope="package")
def seen(models: ZooStore) -> Scene:
    return scene(models)


@pytest.fixture(scope="package")
def clip(seen: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scene as a file: VP8 and Opus in WebM."""
    target = tmp_path_factory.mktemp("clip") / "scene.webm"
    write_clip(seen, target)
    return target


@pytest.fixture(scope="package")
def packets(clip: Path) -> Path:
    """The same as RTP payloads, for a peer that cannot encode."""
    target = clip.with_suffix(".jsonl")
    write_packets(clip, target)
    return target


@pytest.fixture(scope="package")
def browser(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium, with the scene before its camera."""
    require_program("chromium")
    profile = tmp_path_factory.mktemp("browser") / "chromium"
    with chromium.running(profile, site / "camera.mjpeg", site / "microphone.wav") as browser:
        yield browser


@pytest.fixture(scope="package")
def firefox_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Firefox; its camera shows colours, so its pages play the scene."""
    require_program("firefox-esr")
    with firefox.running(tmp_path_factory.mktemp("browser") / "firefox") as browser:
        yield browser
