"""Whether senders can reach the daemon's media: addresses, ports, STUN and TURN servers."""

import os
import socket
from collections.abc import Callable, Sequence
from http.client import HTTPException
from urllib.request import urlopen

import msgspec
from aioice import stun
from aiortc.rtcicetransport import parse_stun_turn_uri

from argusd.ingest.errors import CredentialUnreadable
from argusd.ingest.ice.ice_sockets import LOOPBACK, host_addresses, is_here
from argusd.ingest.ice.own_sockets import bind_udp
from argusd.scheduler.contract.http import authority
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE

from ..address import base_url
from ..config import Config
from ..errors import ConfigInvalid, PortTaken
from ..supervision.preflight import check_address, require_free_port
from .finding import Check, Finding

ANSWER_WITHIN_S = 2.0


def check_port(config: Config) -> Finding:
    """The api's port is free, or it is argusd that has it."""
    place = authority(config.api.host, config.api.port)
    try:
        check_address(config.api)
        require_free_port(config)
    except ConfigInvalid as error:
        return Finding("fail", "port", str(error), "correct api.host, api.port or api.tokens")
    except PortTaken as error:
        found, _, remedy = str(error).partition("; ")
        if "in use" not in found:
            return Finding("fail", "port", found, remedy)
        if is_argusd(base_url(config.api.host, config.api.port)):
            return Finding("ok", "port", f"argusd serves at {place}")
        return Finding("fail", "port", f"another program has {place}", f"end it, or {remedy} (api.port)")
    return Finding("ok", "port", f"{place} is free")


def is_argusd(url: str) -> bool:
    """Whether what answers there is one of us."""
    try:
        with urlopen(f"{url}/health", timeout=ANSWER_WITHIN_S) as answer:  # noqa: S310 - http, by base_url
            return "workers" in msgspec.json.decode(answer.read(), type=dict)
    except (*UNDECODABLE, OSError, HTTPException):
        return False


def check_ice_addresses(config: Config) -> Finding:
    """There is an address to tell senders of."""
    configured = config.ingest.ice_addresses
    here = [address for address in configured or host_addresses() if is_here(address)]
    known_as = config.ingest.advertised_addresses
    own = () if config.ingest.hide_own_addresses else here
    told = ", ".join([*known_as, *own]) or "none"
    missing = [address for address in configured if address not in here]
    if missing:
        remedy = f"this machine has no {', '.join(missing)}: correct ingest.ice_addresses, or leave it out"
        return Finding("warn" if here else "fail", "media addresses", told, remedy)
    unmatched = [address for address in known_as if not any(_same_family(address, own) for own in here)]
    if unmatched:
        remedy = f"{', '.join(unmatched)} cannot be told: this machine has no address of that IP version"
        return Finding("warn", "media addresses", told, remedy)
    if here == [LOOPBACK] and not configured:
        remedy = "no sender from another machine can connect; bring a network up"
        return Finding("warn", "media addresses", f"{told} alone", remedy)
    return Finding("ok", "media addresses", told)


def check_media_ports(config: Config) -> Finding:
    """The configured ports for media are free, and enough."""
    workers = [config.ingest_worker(index) for index in range(config.ingest_workers)]
    ports, wanted = workers[0].ports, config.ingest.max_sessions * len(workers)
    udp = [worker.ports.first for worker in workers if worker.ports.shared]
    tcp = [worker.own_tcp_port for worker in workers if worker.own_tcp_port]
    found = f"UDP {_shown(udp or ports)}" + (f", TCP {_shown(tcp)}" if tcp else "")
    if not ports.any and not ports.shared and ports.last - ports.first + 1 < wanted:
        remedy = f"{wanted} sessions take one each: widen ingest.udp_ports, or lower ingest.max_sessions"
        return Finding("warn", "media ports", found, remedy)
    here = [address for address in config.ingest.ice_addresses or host_addresses() if is_here(address)]
    refused = [f"UDP {port}: {why}" for port in udp if (why := _refusal(here, port, _try_udp))]
    refused += [f"TCP {port}: {why}" for port in tcp if (why := _refusal(here, port, _try_tcp))]
    if refused:
        remedy = "choose another, unless it is argusd that uses it"
        return Finding("warn", "media ports", ", ".join(refused), remedy)
    return Finding("ok", "media ports", found)


def check_ice_servers(config: Config) -> Finding:
    """The STUN and TURN servers answer, and their credentials can be read."""
    servers = {*config.ingest.ice_servers, *(config.api.ice_servers or ())}
    urls = sorted({url for server in servers for url in server.urls})
    try:
        for server in servers:
            server.with_credential()
    except CredentialUnreadable as error:
        return Finding("fail", "ice servers", str(error), "let the daemon's user read it")
    silent = [url for url in urls if not answers(url)]
    if silent:
        remedy = "check the address, and the firewall between here and there"
        return Finding("warn", "ice servers", f"no answer from {', '.join(silent)}", remedy)
    return Finding("ok", "ice servers", ", ".join(urls) or "none")


def answers(url: str) -> bool:
    """Whether the server takes a connection, or over UDP answers a Binding request (RFC 8489)."""
    uri = parse_stun_turn_uri(url)
    address = (uri["host"], uri["port"])
    try:
        if uri["scheme"].endswith("s") or uri.get("transport") == "tcp":
            socket.create_connection(address, ANSWER_WITHIN_S).close()
            return True
        return _binds(address)
    except OSError:
        return False


def _binds(address: tuple[str, int]) -> bool:
    request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    host, port = socket.getaddrinfo(*address, socket.AF_INET, socket.SOCK_DGRAM)[0][4][:2]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(ANSWER_WITHIN_S)
        sock.connect((host, port))
        sock.send(bytes(request))
        return request.transaction_id in sock.recv(1500)


def _same_family(one: str, other: str) -> bool:
    return (":" in one) == (":" in other)


def _shown(ports: Sequence[int]) -> str:
    if ports[0] == 0:
        return "any free port"
    return str(ports[0]) if ports[0] == ports[-1] else f"{ports[0]}-{ports[-1]}"


def _refusal(addresses: Sequence[str], port: int, attempt: Callable[[str, int], None]) -> str:
    """Why the port cannot be had at one of the addresses; empty where it can."""
    try:
        for address in addresses:
            attempt(address, port)
    except OSError as error:
        return os.strerror(error.errno or 0).lower()
    return ""


def _try_udp(address: str, port: int) -> None:
    bind_udp(address, port, 0).close()


def _try_tcp(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    socket.create_server((address, port), family=family).close()


NETWORK_CHECKS: Sequence[Check] = (check_port, check_ice_addresses, check_media_ports, check_ice_servers)
