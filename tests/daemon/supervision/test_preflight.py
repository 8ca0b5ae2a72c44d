import socket
from pathlib import Path

import pytest

from argusd.daemon.config import Config, resolve
from argusd.daemon.errors import AlreadyRunning, PortTaken
from argusd.daemon.supervision.preflight import hold_state_dir, require_free_port


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return resolve({"ARGUSD_STATE_DIR": str(tmp_path / "state")})


def test_one_daemon_for_each_state_directory(config: Config) -> None:
    with hold_state_dir(config), pytest.raises(AlreadyRunning, match="--state-dir"), hold_state_dir(config):
        pytest.fail("two daemons in one state directory")
    with hold_state_dir(config):
        assert config.runtime_dir.is_dir()


def test_its_folders_are_the_owners_alone(config: Config) -> None:
    with hold_state_dir(config):
        assert [folder.stat().st_mode & 0o777 for folder in (config.state_dir, config.runtime_dir)] == [
            0o700
        ] * 2


def test_a_port_is_free_again_when_its_listener_is_gone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = resolve({"ARGUSD_API__PORT": str(port)})
        with pytest.raises(PortTaken, match="choose another port"):
            require_free_port(config)
    require_free_port(config)


def test_an_address_of_another_machine_cannot_be_had() -> None:
    with pytest.raises(PortTaken, match="cannot assign requested address"):
        require_free_port(resolve({"ARGUSD_API__HOST": "203.0.113.1"}))
