"""A path that loses, doubles, delays and reorders packets between a publisher and a worker, in user space.

What becomes of a packet follows from its number on the path alone, so a run can be repeated. The path stands
between two UDP sockets of its own::

    publisher ⇄ near socket (the answer's only candidate) ⇄ far socket ⇄ worker
"""

import asyncio
import re
from collections.abc import Callable
from random import Random
from typing import Any, cast

import msgspec

from argusd.interviewer_bridge.publish.loopback import LOOPBACK

Address = tuple[str, int]

CANDIDATE = re.compile(r"a=candidate:.*\r\n")
WORKER = re.compile(rf"a=candidate:\S+ 1 udp \d+ {re.escape(LOOPBACK)} (\d+) typ host")


class Impairment(msgspec.Struct, frozen=True):
    """What a path does to packets. ``loss``, ``duplicate``, ``reorder``: shares of all packets.

    ``burst``: so many packets in a row share their fate of being lost. ``delay_s`` is each packet's,
    ``jitter_s`` the most that is added to it; what is reordered arrives ``held_s`` later.
    """

    loss: float = 0.0
    burst: int = 1
    duplicate: float = 0.0
    reorder: float = 0.0
    held_s: float = 0.03
    delay_s: float = 0.0
    jitter_s: float = 0.0
    seed: int = 1

    def arrivals(self, number: int) -> tuple[float, ...]:
        """In how many seconds the packet of this number arrives: not at all, once, or twice."""
        if self._dice("loss", number // self.burst).random() < self.loss:
            return ()
        dice = self._dice("rest", number)
        doubled, held = dice.random() < self.duplicate, dice.random() < self.reorder
        first = self.delay_s + self.jitter_s * dice.random() + self.held_s * held
        return (first, first) if doubled else (first,)

    def _dice(self, what: str, number: int) -> Random:
        return Random(f"{self.seed} {what} {number}")  # noqa: S311 - to be foreseen is the point


CLEAN = Impairment()


class ImpairedPath:
    """Both directions between one publisher and one worker; ``impairment`` may be changed at any time.

    ``sent`` and ``lost`` count packets of both directions. ``address``: where the publisher finds the path.
    """

    def __init__(self, impairment: Impairment = CLEAN, address: str = LOOPBACK) -> None:
        self.impairment = impairment
        self._address = address
        self.sent = self.lost = 0
        self._numbers = {"up": 0, "down": 0}
        self._publisher: Address | None = None

    async def open(self, answer_sdp: str) -> str:
        """Lead to the worker of this answer; returns the answer that leads to this path."""
        found = WORKER.search(answer_sdp)
        assert found, "the worker has no address on the loopback interface"
        loop = asyncio.get_running_loop()
        far = await loop.create_datagram_endpoint(
            lambda: Ear(self._from_worker), remote_addr=(LOOPBACK, int(found[1]))
        )
        near = await loop.create_datagram_endpoint(
            lambda: Ear(self._from_publisher), local_addr=(self._address, 0)
        )
        self._far = far[0]
        self._near = near[0]
        port = self._near.get_extra_info("sockname")[1]
        candidate = f"a=candidate:1 1 udp 2130706431 {self._address} {port} typ host\r\n"
        first, *others = CANDIDATE.split(answer_sdp)
        return first + candidate + "".join(others)

    def close(self) -> None:
        """Let nothing pass any more."""
        self._far.close()
        self._near.close()

    def _from_publisher(self, data: bytes, address: Address) -> None:
        self._publisher = address
        self._pass("up", lambda: self._far.sendto(data))

    def _from_worker(self, data: bytes, _address: Address) -> None:
        if self._publisher is not None:
            self._pass("down", lambda: self._near.sendto(data, self._publisher))

    def _pass(self, direction: str, send: Callable[[], None]) -> None:
        number = self._numbers[direction]
        self._numbers[direction] += 1
        self.sent += 1
        arrivals = self.impairment.arrivals(2 * number + (direction == "up"))
        self.lost += not arrivals
        loop = asyncio.get_running_loop()
        for after_s in arrivals:
            if after_s:
                loop.call_later(after_s, self._send, send)
            else:
                self._send(send)

    def _send(self, send: Callable[[], None]) -> None:
        if not self._near.is_closing():
            send()


class Ear(asyncio.DatagramProtocol):
    """Hands every datagram of a socket on."""

    def __init__(self, heard: Callable[[bytes, Address], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Hand it on."""
        self._heard(data, cast(Address, addr[:2]))


def without_candidates(offer_sdp: str) -> str:
    """The offer of a publisher who can be reached over the path alone."""
    return CANDIDATE.sub("", offer_sdp)
