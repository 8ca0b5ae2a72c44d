"""The receiver of a webhook, as HTTP reaches it."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence

import aiohttp

from .attempts import TRIES, Outcome, outcome_of
from .messages import Message
from .signing import signed_headers

AT_A_TIME = 8  # sessions whose messages are posted beside each other
TIMEOUT = aiohttp.ClientTimeout(total=10.0, sock_connect=5.0)


def connection() -> aiohttp.ClientSession:
    """For one receiver, which gets no cookie back."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=AT_A_TIME),
        timeout=TIMEOUT,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


class Receiver:
    """Takes messages or not. ``counts``: those ``delivered`` and ``refused`` for good, attempts ``failed``.

    ``taken``: ids of messages that it has, or will never have; whoever moves on forgets them.
    """

    def __init__(self, url: str, keys: Sequence[bytes]) -> None:
        self._url = url
        self._keys = keys
        self._refusals: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.taken: set[str] = set()

    async def round(self, due: Iterable[Message], http: aiohttp.ClientSession) -> Outcome | None:
        """Try each message once, a session's in order until one fails; what went wrong last, if anything."""
        lanes: dict[str, list[Message]] = {}
        for message in due:
            lanes.setdefault(message.session_id, []).append(message)
        turns = asyncio.Semaphore(AT_A_TIME)
        wrong: list[Outcome] = []

        async def post_all(lane: list[Message]) -> None:
            async with turns:
                for message in lane:
                    if any(each.verdict == "away" for each in wrong):
                        return  # what one of us has learned spares the others the same
                    outcome = await self.post(message, http)
                    if not self._is_done(message, outcome):
                        wrong.append(outcome)
                        return

        await asyncio.gather(*map(post_all, lanes.values()))
        return wrong[-1] if wrong else None

    async def post(self, message: Message, http: aiohttp.ClientSession) -> Outcome:
        """One attempt."""
        headers = signed_headers(self._keys, message.message_id, message.body, int(time.time()))
        headers["Content-Type"] = "application/json"
        try:
            async with http.post(
                self._url, data=message.body, headers=headers, allow_redirects=False
            ) as response:
                return outcome_of(response.status, response.headers.get("Retry-After"))
        # The last of them says that the host has no name to ask for.
        except (aiohttp.ClientError, TimeoutError, OSError, UnicodeError) as error:
            return Outcome("away", f"it does not answer ({type(error).__name__})")

    def _is_done(self, message: Message, outcome: Outcome) -> bool:
        """Whether this message is taken, or refused for good."""
        self.counts["failed"] += outcome.verdict != "taken"
        self.counts["delivered"] += outcome.verdict == "taken"
        self._refusals[message.message_id] += outcome.verdict == "refused"
        for_good = self._refusals[message.message_id] >= TRIES
        self.counts["refused"] += for_good
        if outcome.verdict == "taken" or for_good:
            self.taken.add(message.message_id)
        return message.message_id in self.taken

    def forget(self) -> None:
        """The place is beyond everything that was tried."""
        self.taken.clear()
        self._refusals.clear()
