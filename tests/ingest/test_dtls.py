"""DTLS with senders of every kind of certificate, in both roles; what a failed handshake says of itself."""

import asyncio
import datetime
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcdtlstransport import SRTPProtectionProfile, certificate_digest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL, crypto

from argusd.ingest import dtls as dtls_module
from argusd.ingest.dtls import DtlsTransport, matches
from argusd.ingest.offers.agreement import DtlsRole, Fingerprint

from ..waiting import LONGEST_S


def make_certificate(key: Any) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sender")])
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    return builder.not_valid_before(now - day).not_valid_after(now + day).sign(key, hashes.SHA256())


class SenderCertificate(RTCCertificate):
    """A sender's certificate with suites of its own."""

    ciphers = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(self.ciphers)
        return context


class Wire:
    """Takes the place of an ICE transport: datagrams go to the other end's queue."""

    def __init__(self) -> None:
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.other: Wire = self
        self.role, self.state = "controlled", "completed"

    async def _recv(self) -> bytes:
        return await self.inbox.get()

    async def _send(self, data: bytes) -> None:
        self.other.inbox.put_nowait(data)


class Ends:
    """Our end and a sender's, wired together."""

    def __init__(
        self, key: Any, role: DtlsRole, fingerprint: Fingerprint | None = None, *, ciphers: bytes = b""
    ) -> None:
        ours, theirs = Wire(), Wire()
        ours.other, theirs.other = theirs, ours
        certificate = SenderCertificate(key, make_certificate(key))
        certificate.ciphers = ciphers or certificate.ciphers
        true = Fingerprint("sha-256", certificate_digest(certificate._cert, "sha-256"))
        wire: Any = ours
        self.dtls = DtlsTransport(wire, role, [fingerprint or true])
        wire = theirs
        self.sender = RTCDtlsTransport(wire, [certificate])
        self.sender._set_role("server" if role == "client" else "client")

    async def shake(self) -> None:
        own = RTCDtlsFingerprint(*self.dtls.certificate.fingerprint)
        started = self.sender.start(RTCDtlsParameters([own]))
        self.started = asyncio.ensure_future(started)
        await asyncio.wait_for(self.dtls.handshake(), LONGEST_S)

    async def close(self) -> None:
        await self.dtls.stop()
        await self.sender.stop()
        self.started.cancel()


@pytest.fixture
async def shake() -> AsyncIterator[Callable[..., Any]]:
    """Wire both ends together and let our handshake come to an end."""
    made: list[Ends] = []

    async def shake(*arguments: Any, **settings: Any) -> Ends:
        ends = Ends(*arguments, **settings)
        made.append(ends)
        await ends.shake()
        return ends

    yield shake
    for ends in made:
        await ends.close()


RSA = rsa.generate_private_key(65537, 2048)
ECDSA = ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize(
    "key", [RSA, ECDSA, ec.generate_private_key(ec.SECP384R1())], ids=["rsa", "p256", "p384"]
)
@pytest.mark.parametrize("role", ["client", "server"])
async def test_any_certificate_connects_in_both_roles(shake: Any, key: Any, role: DtlsRole) -> None:
    ends = await shake(key, role)
    await asyncio.wait_for(ends.started, LONGEST_S)
    assert (ends.dtls.state, ends.sender.state) == ("connected", "connected")


@pytest.mark.parametrize("role", ["client", "server"])
async def test_another_certificate_than_the_offered_one_is_refused(shake: Any, role: DtlsRole) -> None:
    ends = await shake(ECDSA, role, Fingerprint("sha-256", ":".join(["00"] * 32)))
    assert ends.dtls.state == "failed"
    assert ends.dtls.failure == "the certificate is not the one of the offer's a=fingerprint"
    await asyncio.wait_for(ends.started, LONGEST_S)
    closed = asyncio.Event()
    ends.sender.on("statechange", closed.set)
    await ends.dtls.stop()
    await asyncio.wait_for(closed.wait(), LONGEST_S)  # it learns that nobody listens
    assert ends.sender.state == "closed"


async def test_a_sender_without_a_common_suite_is_told_by_its_alert(shake: Any) -> None:
    ends = await shake(RSA, "client", ciphers=b"DHE-RSA-AES128-GCM-SHA256")
    assert ends.dtls.state == "failed"
    assert ends.dtls.failure == "the peer sent the alert handshake_failure"


async def test_a_sender_that_cannot_take_ours_is_told_by_our_alert(shake: Any) -> None:
    ends = await shake(RSA, "server", ciphers=b"DHE-RSA-AES128-GCM-SHA256")
    assert ends.dtls.state == "failed"
    assert ends.dtls.failure == "we sent the alert handshake_failure"


async def test_a_silent_sender_is_waited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtls_module, "HANDSHAKE_TIMEOUT_S", 0.2)
    wire: Any = Wire()
    wire.other = Wire()
    transport = DtlsTransport(wire, "client", [Fingerprint("sha-256", "AA")])
    await transport.handshake()
    assert transport.state == "failed"
    assert transport.failure == "the handshake was not over within 0.2 s"


def test_of_several_fingerprints_one_by_the_strongest_hash_must_fit() -> None:
    cert = make_certificate(ECDSA)
    certificate = crypto.X509.from_cryptography(cert)
    weak, strong = (Fingerprint(name, certificate_digest(cert, name)) for name in ("sha-256", "sha-512"))
    of_another = [Fingerprint("sha-256", "AA"), Fingerprint("sha-512", "AA")]
    assert matches([*of_another, weak, strong], certificate)
    assert matches([of_another[0], weak], certificate)
    assert not matches([weak, of_another[1]], certificate)
    assert not matches(of_another, certificate)
