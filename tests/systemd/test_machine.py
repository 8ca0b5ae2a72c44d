"""The shipped units under a real systemd: installed, started, at work, killed, hung, stopped.

Nothing of them is changed but what ``DROP_INS`` says.
"""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest

from argusd.daemon.errors import ConfigInvalid
from argusd.daemon.installation import CONFIG_FILE, SHIPPED
from argusd.interviewer_bridge.events import subscribe
from argusd.scheduler.contract.events import Event

from ..live_daemon import Daemon, next_event
from ..media import published
from ..ports import free_port
from ..scheduler.pages import page, png
from ..task_client import Client
from .machine import Machine, booted

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]

API, BULK, LIVE = "argusd-api.service", "argusd-scheduler-bulk.service", "argusd-scheduler@0.service"
INGEST, OTHER_INGEST = "argusd-ingest@0.service", "argusd-ingest@1.service"
SESSION = "under-systemd"
EVIDENCE = "argusd-evidence.service"
SERVICES = (API, INGEST, OTHER_INGEST, LIVE, BULK, EVIDENCE)
DROP_INS = {
    # Not as nice as the scheduler wants to be: it asks for it itself, and the filter refuses that.
    BULK: "Nice=0",
    # A hang is to be seen sooner.
    OTHER_INGEST: "WatchdogSec=3s",
    # As the units once were.
    "argusd-ingest@2.service": "SystemCallErrorNumber=kill\nRestart=no",
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with booted(tmp_path_factory.mktemp("machine")) as machine:
        yield machine


@pytest.fixture(scope="module")
def configuration(machine: Machine) -> str:
    """The shipped one, with a port that is free and two ingest workers, for as many sessions as may come."""
    port = free_port()
    text = (
        (SHIPPED / CONFIG_FILE.name).read_text().replace("port = 8015", f"port = {port}\novercommit = true")
    )
    machine.write(str(CONFIG_FILE), text.replace("ingest_workers = 1", "ingest_workers = 2"))
    return f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def daemon(machine: Machine, configuration: str) -> Daemon:
    """Installed and started as an operator does it; all its processes have said that they are ready."""
    machine.done("/opt/argusd/bin/argusd", "install-systemd")
    machine.done("sh", "-c", "ln -s /opt/cache/models /opt/cache/assets /var/cache/argusd/")
    for unit, setting in DROP_INS.items():
        machine.write(f"/etc/systemd/system/{unit}.d/test.conf", f"[Service]\n{setting}\n")
    machine.done("systemctl", "daemon-reload")
    started = machine.run("systemctl", "start", "argusd.target")
    for unit in SERVICES:
        assert machine.show(unit)["SubState"] == "running", f"{started.stderr}{machine.log(unit)}"
    return Daemon(machine.process, configuration)


def test_every_process_is_ready_under_its_filter_at_the_first_try(machine: Machine, daemon: Daemon) -> None:
    for unit in SERVICES:
        shown, status = machine.show(unit), machine.status(unit)
        assert (shown["ActiveState"], shown["SubState"], shown["NRestarts"]) == ("active", "running", "0")
        assert (status["Seccomp"], status["NoNewPrivs"], int(status["CapEff"], 16)) == ("2", "1", 0)


def test_a_refused_priority_is_said_once_and_costs_nothing_else(machine: Machine, daemon: Daemon) -> None:
    assert machine.log(BULK).count("may not lower its priority") == 1
    assert machine.log(LIVE).count("may not lower its priority") == 0


def test_tasks_are_done(daemon: Daemon) -> None:
    client = Client(daemon)
    assert client.result("/face/embed", image_b64=(published() / "obama.jpg").read_bytes())["face_count"] == 1
    lines = ["The quick brown fox"]
    assert client.result("/doc/ocr", image_b64=png(page(lines)))["text"].splitlines() == lines
    assert client.result("/analysis/moderate", text="Good morning.", partial=False)["action"] == "allow"


@pytest.mark.parametrize(("unit", "other"), [(INGEST, API), (API, INGEST)])
def test_a_process_that_is_killed_is_started_again(
    machine: Machine, daemon: Daemon, unit: str, other: str
) -> None:
    before, unconcerned = machine.show(unit)["MainPID"], machine.show(other)["MainPID"]
    machine.kill(unit, "SIGKILL")
    after = machine.until(unit, SubState="running", NRestarts="1")
    assert after["MainPID"] != before
    assert machine.show(other)["MainPID"] == unconcerned


def test_a_process_that_hangs_is_killed_and_started_again(machine: Machine, daemon: Daemon) -> None:
    assert "Watchdog timeout" not in machine.log(OTHER_INGEST)  # it was fed until now
    machine.kill(OTHER_INGEST, "SIGSTOP")
    machine.until(OTHER_INGEST, SubState="running", NRestarts="1")
    assert "Watchdog timeout (limit 3s)!" in machine.log(OTHER_INGEST)


def test_a_refused_configuration_is_not_tried_again(machine: Machine, daemon: Daemon) -> None:
    assert machine.run("systemctl", "start", "argusd-ingest@9.service").returncode != 0
    shown = machine.show("argusd-ingest@9.service")
    assert (shown["ActiveState"], shown["NRestarts"]) == ("failed", "0")
    assert shown["ExecMainStatus"] == str(ConfigInvalid.exit_code)
    assert "there is no ingest worker 9; ingest_workers is 2" in machine.log("argusd-ingest@9.service")


def test_a_filter_that_kills_would_be_seen(machine: Machine, daemon: Daemon) -> None:
    assert machine.run("systemctl", "start", "argusd-ingest@2.service").returncode != 0
    assert "code=killed, status=31/SYS" in machine.log("argusd-ingest@2.service")


def test_what_is_no_longer_configured_ends(machine: Machine, daemon: Daemon) -> None:
    machine.done("sed", "-i", "s/^ingest_workers = 2/ingest_workers = 1/", str(CONFIG_FILE))
    machine.done("/opt/argusd/bin/argusd", "install-systemd")
    assert machine.show(OTHER_INGEST)["ActiveState"] == "inactive"
    assert machine.show(INGEST)["ActiveState"] == "active"


def test_a_stop_ends_what_is_watched_and_loses_nothing_of_it(machine: Machine, daemon: Daemon) -> None:
    with daemon.publishing("--synthetic", SESSION) as publisher:
        begun = next_event(publisher, "face_absent")
        machine.done("systemctl", "stop", "argusd.target")
    for unit in (API, INGEST, LIVE, BULK):
        shown = machine.until(unit, ActiveState="inactive")
        assert (shown["Result"], shown["ExecMainStatus"]) == ("success", "0"), machine.log(unit)
    machine.done("systemctl", "start", API)  # alone: who watched is gone, and has told all before
    told = asyncio.run(events_after(begun, daemon))
    ends = [(event.name, event.state) for event in told if event.type != "observation"]
    assert ends == [("face_absent", "end"), ("closed", "end")]


async def events_after(begun: dict[str, Any], daemon: Daemon) -> list[Event]:
    """What is stored of the session after an event of it, to the session's end."""
    found = []
    stream = subscribe(daemon.url, SESSION, last_event_id=begun["id"])
    async with asyncio.timeout(60), aclosing(stream) as events:
        async for event in events:
            assert isinstance(event, Event), event
            found.append(event)
            if event.name == "closed":
                break
    return found
