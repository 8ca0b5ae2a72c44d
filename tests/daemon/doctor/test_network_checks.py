"""What ``argusd doctor`` says of the way that media take."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from yarl import URL

from argusd.daemon.doctor import network_checks
from argusd.daemon.doctor.network_checks import (
    check_ice_addresses,
    check_ice_servers,
    check_media_ports,
    check_port,
)

from ...api.fixtures import running_rig
from .test_checks import config

LOOPBACK = {"INGEST__ICE_ADDRESSES": '["127.0.0.1"]'}


def test_a_port_that_another_program_has(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        other.setblocking(False)
        port = str(other.getsockname()[1])
        finding = check_port(config(tmp_path, API__PORT=port))
        assert (finding.verdict, finding.found) == ("fail", f"another program has 127.0.0.1:{port}")
        assert "choose another port with --port" in finding.remedy
    assert check_port(config(tmp_path, API__PORT=port)).verdict == "ok"


async def test_a_port_that_argusd_has(tmp_path: Path) -> None:
    async with running_rig(tmp_path) as rig:
        port = str(URL(rig.api.url).port)
        finding = await asyncio.to_thread(check_port, config(tmp_path, API__PORT=port))
    assert (finding.verdict, finding.found) == ("ok", f"argusd serves at 127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("settings", "found", "remedy"),
    [
        (
            {"API__HOST": "203.0.113.1", "API__TOKENS": '[{secret = "t0ken"}]'},
            "cannot listen on 203.0.113.1:8015",
            "must be an address of this machine",
        ),
        ({"API__HOST": "0.0.0.0"}, "api.host 0.0.0.0 is reachable from elsewhere", "correct api.host"),
    ],
)
def test_an_address_that_cannot_do(settings: dict[str, str], found: str, remedy: str, tmp_path: Path) -> None:
    finding = check_port(config(tmp_path, **settings))
    assert finding.verdict == "fail"
    assert found in finding.found
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("addresses", "verdict"),
    [('["203.0.113.1"]', "fail"), ('["203.0.113.1", "127.0.0.1"]', "warn"), ('["127.0.0.1"]', "ok")],
)
def test_addresses_that_this_machine_does_not_have(addresses: str, verdict: str, tmp_path: Path) -> None:
    finding = check_ice_addresses(config(tmp_path, INGEST__ICE_ADDRESSES=addresses))
    assert finding.verdict == verdict
    assert ("203.0.113.1" in finding.remedy) == (verdict != "ok")


def test_a_machine_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_checks, "host_addresses", lambda: ["127.0.0.1"])
    assert check_ice_addresses(config(tmp_path)).verdict == "warn"


def test_advertised_addresses_are_shown_first(tmp_path: Path) -> None:
    finding = check_ice_addresses(
        config(tmp_path, **LOOPBACK, INGEST__ADVERTISED_ADDRESSES='["203.0.113.7"]')
    )
    assert (finding.verdict, finding.found) == ("ok", "203.0.113.7, 127.0.0.1")


def test_an_advertised_address_that_no_own_one_stands_behind_is_named(tmp_path: Path) -> None:
    finding = check_ice_addresses(
        config(tmp_path, **LOOPBACK, INGEST__ADVERTISED_ADDRESSES='["203.0.113.7", "2001:db8::7"]')
    )
    assert finding.verdict == "warn"
    assert finding.remedy.startswith("2001:db8::7 cannot be told")


@pytest.mark.parametrize(
    ("key", "kind"), [("UDP_PORTS", socket.SOCK_DGRAM), ("TCP_PORT", socket.SOCK_STREAM)]
)
def test_a_port_for_media_that_is_taken(key: str, kind: int, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            other.listen()
        port = other.getsockname()[1]
        settings = {f"INGEST__{key}": str(port), "INGEST_WORKERS": "1", **LOOPBACK}
        finding = check_media_ports(config(tmp_path, **settings))
        assert (finding.verdict, finding.found) == ("warn", f"{key[:3]} {port}: address already in use")
    assert check_media_ports(config(tmp_path, **settings)).verdict == "ok"


def test_each_workers_port_is_shown(tmp_path: Path) -> None:
    finding = check_media_ports(config(tmp_path, INGEST__UDP_PORTS="40000", INGEST_WORKERS="3"))
    assert "40000-40002" in finding.found


@pytest.mark.parametrize(("ports", "verdict"), [("40000-40010", "warn"), ("40000-41000", "ok")])
def test_a_range_smaller_than_the_sessions(ports: str, verdict: str, tmp_path: Path) -> None:
    assert check_media_ports(config(tmp_path, INGEST__UDP_PORTS=ports)).verdict == verdict


@contextmanager
def echo() -> Iterator[int]:
    """A server whose answer holds the question's transaction, as STUN's does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve() -> None:
            data, addr = sock.recvfrom(1500)
            sock.sendto(data, addr)

        threading.Thread(target=serve, daemon=True).start()
        yield sock.getsockname()[1]


def test_servers_that_answer_and_that_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_checks, "ANSWER_WITHIN_S", 0.2)
    assert check_ice_servers(config(tmp_path)).found == "none"
    with echo() as port:
        finding = check_ice_servers(
            config(tmp_path, INGEST__ICE_SERVERS=f'[{{urls = ["stun:127.0.0.1:{port}"]}}]')
        )
        assert (finding.verdict, finding.found) == ("ok", f"stun:127.0.0.1:{port}")
    finding = check_ice_servers(config(tmp_path, API__ICE_SERVERS='[{urls = ["stun:127.0.0.1:9"]}]'))
    assert (finding.verdict, finding.found) == ("warn", "no answer from stun:127.0.0.1:9")


def test_a_credential_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere"
    server = f'[{{urls = ["turn:127.0.0.1"], username = "argus", credential_file = "{missing}"}}]'
    finding = check_ice_servers(config(tmp_path, INGEST__ICE_SERVERS=server))
    assert (finding.verdict, str(missing) in finding.found) == ("fail", True)
