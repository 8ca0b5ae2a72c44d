"""What must hold before the daemon's processes are started; said in one sentence where it does not."""

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ..config import Config
from ..errors import AlreadyRunning, PortTaken


@contextmanager
def hold_state_dir(config: Config) -> Iterator[None]:
    """Make the daemon's folders and keep other daemons away; the kernel lets go when this process ends.

    Raises:
        AlreadyRunning: another daemon holds the state directory.
    """
    for folder in (config.state_dir, config.runtime_dir):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (config.state_dir / "daemon.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(
                f"another argusd uses the state directory {config.state_dir}; choose another with --state-dir"
            ) from error
        yield


def require_free_port(config: Config) -> None:
    """Check that the api will be able to listen.

    Raises:
        PortTaken: something else listens there.
    """
    host, port = config.api.host, config.api.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise PortTaken(
                f"cannot listen on {host}:{port} ({reason}); choose another port with --port"
            ) from error
