"""What stands between us and a receiver: certificates, redirects, silence; and what is said of it."""

import ssl
from pathlib import Path

import aiohttp
import pytest

from argusd.api.webhooks import receiver as module
from argusd.api.webhooks.attempts import Outcome
from argusd.api.webhooks.messages import Message
from argusd.api.webhooks.receiver import Receiver, connection

from ...certificates import self_signed
from .listener import KEY, listening

MESSAGE = Message(1, "s1", "evt_1", b"{}")


async def posted(url: str) -> Outcome:
    """What comes of one attempt."""
    async with connection() as http:
        return await Receiver(url, [KEY]).post(MESSAGE, http)


async def test_a_receiver_whose_certificate_nobody_vouches_for_hears_nothing(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*self_signed(tmp_path))
    async with listening(context) as listener:
        outcome = await posted(listener.url)
    assert outcome == Outcome("away", "it does not answer (ClientConnectorCertificateError)")
    assert listener.ids == []


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest", "http://127.0.0.1:6379/", "/elsewhere"]
)
async def test_a_redirect_leads_nowhere(location: str) -> None:
    async with listening() as listener:
        listener.status, listener.headers = 307, {"Location": location}
        outcome = await posted(listener.url)
    assert outcome == Outcome("away", "it answers 307")
    assert listener.paths == ["/events"]


@pytest.mark.parametrize("host", ["a..b", 64 * "x"])
async def test_a_name_that_cannot_be_asked_for_is_nobody(host: str) -> None:
    assert await posted(f"http://{host}/") == Outcome("away", "it does not answer (UnicodeError)")


async def test_a_receiver_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT", aiohttp.ClientTimeout(total=0.05))
    async with listening() as listener:
        listener.mute.clear()
        assert await posted(listener.url) == Outcome("away", "it does not answer (TimeoutError)")


async def test_a_receiver_that_fails_is_told_without_what_it_says() -> None:
    async with listening() as listener:
        listener.status = 500
        assert await posted(listener.url) == Outcome("away", "it answers 500")
