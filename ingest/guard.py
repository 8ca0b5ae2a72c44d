"""What may come in through a session's sockets.

aioice hands every datagram of every sender to DTLS: an empty one ends the session, a forged plaintext alert
ends the handshake, and the queue between them has no bound. So each socket's protocol is a guard::

    first byte (RFC 7983)   0..3     STUN   parsed; ours by its user name or its transaction: to aioice
                            20..63   DTLS   from a verified source: to aioice, through a bounded queue
                            128..191 SRTP   from a verified source: to ``on_media``, at once
                            other           dropped

A source is verified when it is the remote address of a candidate pair that passed its connectivity check.
"""

import asyncio
import logging
import struct
from collections import Counter
from collections.abc import Callable
from typing import Any

from aioice import stun
from aioice.ice import CandidatePair, Connection, StunProtocol

from argusd.scheduler.contract.logs.tracebacks import log_fault

from .errors import IncompatibleLibrary
from .rtp.arrival_clock import NOW, ArrivalClock

log = logging.getLogger(__name__)

MIN_DATAGRAM = 12
# Addresses that a sender has sent authentic checks from, those of its offer among them. Overflow policy: the
# oldest that is not in use goes; it is taken up again when it sends another check.
MAX_REMOTE_ADDRESSES = 64
MAX_DTLS_QUEUE = 64
HIGHEST_STUN = 3

OnMedia = Callable[[bytes, ArrivalClock], None]
"""Takes a datagram with media, and the clock that tells when it arrived."""


class GuardedProtocol(StunProtocol):
    """aioice's protocol of one socket, which takes only what is for its session.

    ``dropped`` counts the rest by reason. ``checked``: a check for the session has come.
    """

    def __init__(self, connection: Connection, on_media: OnMedia, dropped: Counter[str]) -> None:
        super().__init__(connection)
        self._on_media = on_media
        self._dropped = dropped
        self._verified: tuple[Any, ...] | None = None
        self.checked = False
        self._clock = NOW

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        super().connection_made(transport)
        self._clock = ArrivalClock(transport.get_extra_info("socket"))

    @property
    def ufrag(self) -> str:
        """What the user name of a check for this session begins with."""
        return self.receiver.local_username

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        """Sort a datagram; one that something stumbles over is counted, and the next one is taken.

        An exception would close the socket under uvloop, and sessions may share it.
        """
        assert isinstance(data, bytes)
        try:
            self._sort(data, addr)
        except Exception as error:
            if not self._dropped["faulty_datagram"]:  # a sender may send the like without end
                log_fault(log, "a datagram could not be handled", error)
            self._dropped["faulty_datagram"] += 1

    def _sort(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """By its first byte."""
        if len(data) < MIN_DATAGRAM:
            self._dropped["short_datagram"] += 1
            return
        first = data[0]
        if 128 <= first <= 191:
            if addr == self._verified or self._verify(addr):
                self._on_media(data, self._clock)
            else:
                self._dropped["stranger_datagram"] += 1
        elif first <= HIGHEST_STUN:
            self._stun(data, addr)
        elif 20 <= first <= 63:
            self._dtls(data, addr)
        else:
            self._dropped["unknown_datagram"] += 1

    def _verify(self, addr: tuple[Any, ...]) -> bool:
        source = (addr[0], addr[1])
        for pair in self.receiver._check_list:
            if (
                pair.protocol is self
                and pair.state is CandidatePair.State.SUCCEEDED
                and tuple(pair.remote_addr) == source
            ):
                self._verified = addr
                self._follow(pair)
                return True
        return False

    def _follow(self, pair: CandidatePair) -> None:
        """Answer on the path that the sender uses now, also where it has moved without nominating it.

        A NAT that forgets a mapping gives the sender another port and does not tell it; what we send to the
        old one is lost, our consent checks (RFC 7675) among it.
        """
        if pair.component in self.receiver._nominated:
            self.receiver._nominated[pair.component] = pair

    def _dtls(self, data: bytes, addr: tuple[Any, ...]) -> None:
        if not (addr == self._verified or self._verify(addr)):
            self._dropped["stranger_datagram"] += 1
        elif self.receiver._queue.qsize() >= MAX_DTLS_QUEUE:
            # Overflow policy: the newest is dropped; DTLS sends its flights again.
            self._dropped["dtls_overflow"] += 1
        else:
            self.receiver._queue.put_nowait((data, self.local_candidate.component))

    def _stun(self, data: bytes, addr: tuple[Any, ...]) -> None:
        message = parse_stun(data)
        if message is None:
            self._dropped["bad_stun"] += 1
        elif self.expects(message):
            if not self._authentic(message):
                self._dropped["unauthentic_stun"] += 1
            elif message.message_class is stun.Class.REQUEST:
                self.checked = True
            super().datagram_received(data, addr)
            if len(self.receiver._remote_candidates) > MAX_REMOTE_ADDRESSES:
                self._forget_oldest()
        else:
            self._dropped["stranger_datagram"] += 1

    def _authentic(self, message: stun.Message) -> bool:
        """Whether its sender knows the password. aioice asks as well, and uses nothing of who does not."""
        ice = self.receiver
        request = message.message_class is stun.Class.REQUEST
        password = ice.local_password if request else ice.remote_password
        if password is None:  # a STUN server's answer
            return True
        return bool(message.check_message_integrity(password.encode()))

    def _forget_oldest(self) -> None:
        ice = self.receiver
        in_use = [pair.remote_candidate for pair in ice._nominated.values()]
        oldest = next(each for each in ice._remote_candidates if each not in in_use)
        ice._remote_candidates.remove(oldest)
        for pair in [each for each in ice._check_list if each.remote_candidate is oldest]:
            ice._check_list.remove(pair)
            if pair.task is not None:
                pair.task.cancel()
        self._dropped["remote_address_overflow"] += 1

    def expects(self, message: stun.Message) -> bool:
        """Whether this is a check for us, or the answer to one of ours."""
        if message.message_class is stun.Class.REQUEST:
            return local_ufrag(message) == self.ufrag and "PRIORITY" in message.attributes
        return message.transaction_id in self.transactions


def parse_stun(data: bytes) -> stun.Message | None:
    """The STUN message (RFC 8489), None where it is malformed."""
    try:
        return stun.parse_message(data)
    except (ValueError, struct.error):  # aioice lets the latter escape; uvloop would close the socket
        return None


def local_ufrag(check: stun.Message) -> str | None:
    """Whose session a check is for: the part of its user name before the colon (RFC 8445 section 7.2.2)."""
    ufrag, colon, _ = str(check.attributes.get("USERNAME", "")).partition(":")
    return ufrag if colon else None


def check_aioice() -> None:
    """Prove that aioice has the inner parts that guards and sockets reach for.

    Raises:
        IncompatibleLibrary: another version is installed.
    """
    connection = Connection(ice_controlling=False)
    names = (
        "_check_list",
        "_nominated",
        "_queue",
        "_protocols",
        "_remote_candidates",
        "get_component_candidates",
    )
    missing = [f"Connection.{name}" for name in names if not hasattr(connection, name)]
    if not hasattr(StunProtocol(connection), "transactions"):
        missing.append("StunProtocol.transactions")
    if missing:
        raise IncompatibleLibrary(f"the installed aioice has no {', '.join(missing)}; install the pinned one")
