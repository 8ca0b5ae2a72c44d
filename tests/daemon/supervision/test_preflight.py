import socket
from pathlib import Path

import pytest

from argusd.daemon.config import Config, resolve
from argusd.daemon.errors import AlreadyRunning, ConfigInvalid, FolderUnusable, PortTaken
from argusd.daemon.supervision.preflight import check_address, hold_state_dir, require_free_port


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


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("/proc/argusd", "no such file or directory"),
        ("/dev/null", "file exists"),
        ("/dev/null/argusd", "not a directory"),
        ("/sys", "permission denied|read-only file system|operation not permitted"),
    ],
)
@pytest.mark.parametrize("key", ["state_dir", "runtime_dir"])
def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, key: str, folder: str, reason: str) -> None:
    usable = {"ARGUSD_STATE_DIR": str(tmp_path)}
    config = resolve(usable | {f"ARGUSD_{key.upper()}": folder})
    with (
        pytest.raises(FolderUnusable, match=f"{key} {folder} cannot be used: ({reason})"),
        hold_state_dir(config),
    ):
        pytest.fail("a daemon without its folders")


def test_a_port_is_free_again_when_its_listener_is_gone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = resolve({"ARGUSD_API__PORT": str(port)})
        with pytest.raises(PortTaken, match="choose another port"):
            require_free_port(config)
    require_free_port(config)


def test_an_address_of_another_machine_cannot_be_had() -> None:
    with pytest.raises(PortTaken, match=r"cannot assign requested address.*api\.host must be an address"):
        require_free_port(resolve({"ARGUSD_API__HOST": "203.0.113.1"}))


def test_a_host_without_an_address_is_told() -> None:
    with pytest.raises(PortTaken, match=r"api\.host must be an address of this machine"):
        require_free_port(resolve({"ARGUSD_API__HOST": "999.1.1.1"}))


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("HOST", "", "api.host must be an address or a name"),
        ("HOST", "a..b", "api.host must be an address or a name"),
        ("HOST", "a b", "api.host must be an address or a name"),
        ("HOST", "a" * 64, "api.host must be an address or a name"),
        ("HOST", "0.0.0.0", "api.host 0.0.0.0 is reachable from elsewhere: set api.tokens"),
        ("PORT", "0", "api.port must be a port from 1 on"),
    ],
)
def test_an_address_that_cannot_do_is_told_before_anything_starts(
    key: str, value: str, sentence: str
) -> None:
    with pytest.raises(ConfigInvalid, match=sentence):
        check_address(resolve({f"ARGUSD_API__{key}": value}).api)
