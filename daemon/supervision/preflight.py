"""What must hold before the daemon's processes are started; said in one sentence where it does not."""

import errno
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from argusd.api.access.exposure import check_bind, is_protected
from argusd.api.config import ApiConfig
from argusd.api.errors import InsecureBind
from argusd.scheduler.contract.http import authority
from argusd.scheduler.contract.wording.reasons import reason_of

from ..config import Config
from ..errors import ConfigInvalid, PortTaken
from .folders import make_folder
from .running import hold

# IPv6, or labels of a name or of IPv4.
HOST = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.%\w]*|[\w-]{1,63}(?:\.[\w-]{1,63})*\.?", re.ASCII)


@contextmanager
def hold_state_dir(config: Config) -> Iterator[None]:
    """Make the daemon's folders and keep other daemons away; the kernel lets go when this process ends.

    Raises:
        FolderUnusable: one of them cannot be made or written to.
        AlreadyRunning: another daemon holds the state directory.
    """
    make_folder("state_dir", config.state_dir)
    make_folder("runtime_dir", config.runtime_dir)
    with hold(config.state_dir):
        yield


def check_one_of_many(api: ApiConfig) -> None:
    """Check what the api of one of many hosts needs; other processes may not be shown these secrets.

    Raises:
        ConfigInvalid: it lacks some of it.
    """
    if api.cluster and api.redis_url is None:
        raise ConfigInvalid("cluster.url needs api.redis_url: the Redis that all hosts share")
    if api.cluster and not is_protected(api):
        raise ConfigInvalid("cluster.url needs api.tokens or api.jwt: other hosts reach this one's api")


def check_address(api: ApiConfig) -> None:
    """Check that clients can be told where the api is, and that not everybody gets in.

    Raises:
        ConfigInvalid: the address is none to be reached at, or is open to strangers.
    """
    if not HOST.fullmatch(api.host):
        raise ConfigInvalid("api.host must be an address or a name of this machine")
    if not api.port:
        raise ConfigInvalid("api.port must be a port from 1 on: clients have to know it")
    try:
        check_bind(api)
    except InsecureBind as error:
        raise ConfigInvalid(str(error)) from error


def require_free_port(config: Config) -> None:
    """Check that the api will be able to listen.

    Raises:
        PortTaken: something else listens there, or the address is not this machine's.
    """
    host, port = config.api.host, config.api.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
            choose = (
                "choose another port with --port" if taken else "api.host must be an address of this machine"
            )
            raise PortTaken(
                f"cannot listen on {authority(host, port)} ({reason_of(error)}); {choose}"
            ) from error
