"""DTLS-SRTP with any sender (RFC 5763, 8122, 8827): aiortc's transport, opened to RSA certificates."""

import asyncio
import contextlib
from collections.abc import Sequence

from aiortc import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport, RTCIceTransport
from aiortc.rtcdtlstransport import SRTPProtectionProfile, State, certificate_digest
from OpenSSL import SSL, crypto

from .offers.agreement import DtlsRole, Fingerprint
from .offers.remote_transport import STRONG_HASHES

# Our certificate is an ECDSA one; as the client we take what the sender has, and GStreamer has an RSA one.
CIPHERS = b":".join(
    b"ECDHE-%s-%s" % (authentication, cipher)
    for cipher in (
        b"AES128-GCM-SHA256",
        b"AES256-GCM-SHA384",
        b"CHACHA20-POLY1305",
        b"AES128-SHA",
        b"AES256-SHA",
    )
    for authentication in (b"ECDSA", b"RSA")
)
# Several flights may be lost and sent again within it (RFC 6347 section 4.2.4).
HANDSHAKE_TIMEOUT_S = 8.0
FATAL = 2  # the level of an alert (RFC 5246 section 7.2)
ALERTS = {
    20: "bad_record_mac",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
}
OWN_HASH = "sha-256"  # every sender knows it (RFC 8827 section 6.5)


class Certificate(RTCCertificate):
    """A session's own certificate. ``alert`` tells of the last fatal alert of its handshake."""

    alert = ""

    @property
    def fingerprint(self) -> Fingerprint:
        """Its digest for the answer."""
        return Fingerprint(OWN_HASH, certificate_digest(self._cert, OWN_HASH))

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        context = super()._create_ssl_context(srtp_profiles)
        context.set_cipher_list(CIPHERS)
        context.set_info_callback(self._heed)
        return context

    def _heed(self, _connection: SSL.Connection, where: int, code: int) -> None:
        level, description = divmod(code, 256)
        if where & SSL.SSL_CB_ALERT and level == FATAL:
            sender = "we" if where & SSL.SSL_CB_WRITE else "the peer"
            self.alert = f"{sender} sent the alert {ALERTS.get(description, description)}"


class DtlsTransport(RTCDtlsTransport):
    """One session's DTLS over ICE, in the given role.

    ``fingerprints`` are those of the offer. ``failure`` says why a handshake failed; it is set by the time
    that the state is "failed".
    """

    def __init__(self, ice: RTCIceTransport, role: DtlsRole, fingerprints: Sequence[Fingerprint]) -> None:
        self.certificate = Certificate.generateCertificate()
        super().__init__(ice, [self.certificate])
        self._set_role(role)
        self._fingerprints = fingerprints
        self._flaw = ""

    @property
    def failure(self) -> str:
        """Why the handshake failed; nothing that the sender wrote is in it."""
        return self._flaw or self.certificate.alert or "the handshake broke off"

    async def handshake(self) -> None:
        """Connect; then the state is "connected" or "failed"."""
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await self.start(
                    RTCDtlsParameters([RTCDtlsFingerprint(*each) for each in self._fingerprints])
                )
        except TimeoutError:
            self._fail(f"the handshake was not over within {HANDSHAKE_TIMEOUT_S} s")

    async def stop(self) -> None:
        """Say goodbye; also to a sender whose handshake is over and who thinks that all is well."""
        if self._state is State.FAILED and self._ssl is not None:
            with contextlib.suppress(SSL.Error, ConnectionError):
                self._ssl.shutdown()
                await self._write_ssl()
        await super().stop()

    def _fail(self, flaw: str) -> None:
        self._flaw = flaw
        self._set_state(State.FAILED)

    def _validate_peer_identity(self, _parameters: RTCDtlsParameters) -> None:
        # RFC 8122 section 5: of several certificates one is used. aiortc wants all fingerprints to match.
        certificate = self._ssl.get_peer_certificate() if self._ssl else None
        if certificate is None or not matches(self._fingerprints, certificate):
            self._fail("the certificate is not the one of the offer's a=fingerprint")


def matches(fingerprints: Sequence[Fingerprint], certificate: crypto.X509) -> bool:
    """Whether a certificate has one of the fingerprints that are made by the strongest hash among them."""
    strongest = max(STRONG_HASHES.index(each.algorithm) for each in fingerprints)
    algorithm = STRONG_HASHES[strongest]
    digest = certificate.digest(algorithm.replace("-", "")).decode()
    return Fingerprint(algorithm, digest) in fingerprints
