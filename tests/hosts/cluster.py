"""Hosts of argusd that share a Redis: each a machine with a daemon, whose schedulers need no models."""

import contextlib
import os
import signal
import string
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import aiohttp
import psutil

from argusd.interviewer_bridge.events import bearer

from ..live_daemon import ARGUSD
from ..waiting import answered
from .network import Machine, Switch

TOKEN = "token-of-the-hosts"
PORT = 8015
INJECTED = Path(__file__).with_name("injected")
FIRST_NUMBER = 10
NAMES = string.ascii_lowercase


class Host:
    """A machine and its daemon; ``name`` is its ``host_id``, ``more`` goes into its environment."""

    def __init__(
        self, switch: Switch, name: str, number: int, redis_url: str, folder: Path, more: Mapping[str, str]
    ) -> None:
        self.name = name
        self._more = more
        self._switch, self._number, self._redis_url = switch, number, redis_url
        self._state_dir = folder / name
        self._state_dir.mkdir(exist_ok=True)  # an earlier life's, where the host comes back
        self.log = folder / f"{name}.log"
        self.daemon: subprocess.Popen[bytes] | None = None
        self.machine = Machine(switch, name, number)
        self.url = f"http://{self.machine.address}:{PORT}"

    def mend(self) -> None:
        """Have the machine be there again, with its cable, and the daemon run."""
        if self.machine.process.poll() is None:
            self.machine.plug_cable()
        else:
            self.machine = Machine(self._switch, self.name, self._number)
        if self.daemon is None or self.daemon.poll() is not None:
            self._start()

    def _start(self) -> None:
        command = self.machine.command(*ARGUSD, "serve")
        with self.log.open("ab") as log:
            self.daemon = subprocess.Popen(command, env=self._environment(), stderr=log)

    def ask_to_end(self) -> "subprocess.Popen[bytes]":
        """Send the daemon a SIGTERM; returns it."""
        assert self.daemon is not None
        (inside,) = psutil.Process(self.daemon.pid).children()  # of nsenter
        inside.send_signal(signal.SIGTERM)
        return self.daemon

    def drain(self) -> "subprocess.Popen[bytes]":
        """Have ``argusd drain`` end the daemon once nothing lives there; returns the command's process."""
        command = self.machine.command(*ARGUSD, "drain", "--exit")
        return subprocess.Popen(command, env=self._environment(), stdout=subprocess.DEVNULL)

    def die(self) -> None:
        """The machine is gone, without a word."""
        self.machine.kill()
        self._reap()

    def close(self) -> None:
        """End it however it stands."""
        self.machine.__exit__()
        self._reap()

    def _reap(self) -> None:
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()

    def _environment(self) -> dict[str, str]:
        path = os.pathsep.join(filter(None, [str(INJECTED), os.environ.get("PYTHONPATH")]))
        settings = {
            "STATE_DIR": str(self._state_dir),
            "API__HOST": self.machine.address,
            "API__PORT": str(PORT),
            "API__TOKENS": f'[{{secret = "{TOKEN}"}}]',
            "API__REDIS_URL": self._redis_url,
            "API__ARENA_MIB": "64",
            "API__WHIP_HALF_OPEN_PER_CLIENT": "1000",  # a test's sessions are one client's
            "API__WHIP_POSTS_PER_MINUTE": "10000",
            "CLUSTER__URL": self.url,
            "CLUSTER__HOST_ID": self.name,
            "INGEST__ARENA_MIB": "1024",  # both are taken as they are used
            "INGEST__MAX_SESSIONS": "1000",
            "INGEST__CONNECT_S": "300",  # offers that no media follow stay
            "INGEST_WORKERS": "1",
        }
        own = {f"ARGUSD_{key}": value for key, value in settings.items()}
        return {**os.environ, **own, "PYTHONPATH": path, **self._more}


class Cluster:
    """Hosts by their name, and the process of their Redis."""

    def __init__(self, switch: Switch, redis_url: str, redis: psutil.Process, folder: Path) -> None:
        self.redis_url, self.redis = redis_url, redis
        self.switch, self._folder = switch, folder
        self.hosts: dict[str, Host] = {}
        self._environments: dict[str, Mapping[str, str]] = {}  # of hosts that are to start, by their names

    async def run(self, names: str) -> list[Host]:
        """Exactly these hosts, one a letter, once all of them know each other."""
        for name in names:
            if name not in self.hosts:
                number = FIRST_NUMBER + NAMES.index(name)
                more = self._environments.get(name, {})
                self.hosts[name] = Host(self.switch, name, number, self.redis_url, self._folder, more)
        for name in set(self.hosts) - set(names):
            self.hosts.pop(name).close()
        hosts = [self.hosts[name] for name in names]
        for host in hosts:
            host.mend()
        await answered(self._known, lambda known: known == [list(names)] * len(names))
        return hosts

    @contextlib.contextmanager
    def environment_of(self, name: str, more: Mapping[str, str]) -> Iterator[None]:
        """A host of this name has more in its environment, and ends with the context."""
        self._environments[name] = more
        try:
            yield
        finally:
            del self._environments[name]
            if host := self.hosts.pop(name, None):
                host.close()

    async def _known(self) -> list[list[str]]:
        """Who has room, as each of them tells."""
        async with aiohttp.ClientSession(headers=bearer(TOKEN)) as http:
            return [await with_room(http, host) for host in self.hosts.values()]

    @contextlib.contextmanager
    def without_redis(self) -> Iterator[None]:
        """Redis answers nobody."""
        self.redis.suspend()
        try:
            yield
        finally:
            self.redis.resume()

    def close(self) -> None:
        """End all of them."""
        for host in self.hosts.values():
            host.close()


async def with_room(http: aiohttp.ClientSession, door: Host) -> list[str]:
    """The hosts that have room, as this one tells; none while it does not answer."""
    try:
        async with http.get(f"{door.url}/hosts") as response:
            return [host["host_id"] for host in (await response.json())["hosts"] if host["room"] > 0]
    except (aiohttp.ClientError, OSError):
        return []
