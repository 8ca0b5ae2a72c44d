"""HTTP to a daemon, over connections that are kept, within a deadline, with typed errors."""

import asyncio
import time

import aiohttp
from yarl import URL

from argusd.scheduler.contract.http import FOLLOWS_HEADER

from .addresses import Addresses
from .answers import error_of
from .errors import AnswerLost, NotConnected, OrchestratorError, TooLate
from .events import bearer
from .origins import CIRCLES
from .retries import wait_before_retry

CONNECT_S = 5.0
HANDSHAKE_S = 15.0  # of a WebSocket, with the hosts that it is sent on to
# The daemon says itself that a deadline has passed; its answer needs this long to arrive.
GRACE_S = 2.0


class Transport:
    """Sends requests to a daemon, of several hosts to one that answers.

    Its connections belong to the event loop of the first request.
    """

    def __init__(self, addresses: Addresses, token: str | None) -> None:
        self._addresses = addresses
        self._token = token
        self._http: aiohttp.ClientSession | None = None

    async def request(
        self, method: str, path: str, body: bytes | None = None, *, timeout_s: float, idempotent: bool = True
    ) -> bytes:
        """The body of a 2xx answer; waits and tries again where ``retries.py`` allows it.

        Raises:
            OrchestratorError: there is none within ``timeout_s``.
        """
        deadline = time.monotonic() + timeout_s
        attempt = 0
        while True:
            left_s = deadline - time.monotonic()
            try:
                return await self._send(method, path, body, left_s)
            except OrchestratorError as error:
                left_s = deadline - time.monotonic()
                wait_s = wait_before_retry(error, attempt, left_s, idempotent=idempotent)
                if wait_s is None:
                    raise
            self._addresses.turn()
            await asyncio.sleep(wait_s)
            attempt += 1

    async def connect(self, path: str) -> aiohttp.ClientWebSocketResponse:
        """An open WebSocket; it answers pings itself.

        Raises:
            OrchestratorError: the daemon cannot be reached, or says no.
        """
        return await self._addresses.first(self._connect, path, NotConnected)

    async def _connect(self, url: URL) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                return await self._session().ws_connect(
                    url, headers={FOLLOWS_HEADER: "1"}, heartbeat=20.0, max_msg_size=1 << 20
                )
        except aiohttp.TooManyRedirects as error:
            raise NotConnected(CIRCLES.format(self._addresses.current)) from error
        except aiohttp.WSServerHandshakeError as error:
            retry_after = error.headers.get("Retry-After", "") if error.headers else ""
            raise error_of(error.status, b"", retry_after) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotConnected(f"no daemon answers at {self._addresses.current}") from error

    async def close(self) -> None:
        """Close the connections; the next request would open new ones."""
        if self._http is not None:
            http, self._http = self._http, None
            await http.close()

    async def _send(self, method: str, path: str, body: bytes | None, left_s: float) -> bytes:
        headers = {"Content-Type": "application/json"} if body is not None else None
        connect_s = min(CONNECT_S, max(left_s, 0.001))  # 0 would mean for ever
        timeout = aiohttp.ClientTimeout(total=max(left_s + GRACE_S, 0.001), sock_connect=connect_s)
        try:
            async with self._session().request(
                method, self._addresses.at(path), data=body, headers=headers, timeout=timeout
            ) as response:
                answer = await response.read()
                if not response.ok:
                    raise error_of(response.status, answer, response.headers.get("Retry-After", ""))
                return answer
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotConnected(f"no daemon answers at {self._addresses.current}") from error
        except aiohttp.TooManyRedirects as error:
            raise NotConnected(CIRCLES.format(self._addresses.current)) from error
        except TimeoutError as error:
            raise TooLate("the daemon did not answer in time") from error
        except (aiohttp.ClientError, OSError) as error:
            raise AnswerLost("the connection to the daemon broke before its answer came") from error

    def _session(self) -> aiohttp.ClientSession:
        # Made here, not in the constructor: clients are often made before there is an event loop.
        if self._http is None:
            self._http = aiohttp.ClientSession(headers=bearer(self._token))
        return self._http
