"""What a caller of the daemon may meet; each error has a stable code."""


class BridgeError(Exception):
    """Base of every error of this folder."""

    code = "bridge_error"


class Refused(BridgeError):
    """The daemon says no. ``status`` is HTTP's; ``code`` and the sentence are the daemon's own.

    ``retry_after_s``: when it is worth asking again, where the daemon says so.
    """

    def __init__(self, status: int, code: str, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.code = code
        self.retry_after_s = retry_after_s


class PublishRefused(Refused):
    """The daemon did not take the WHIP offer."""


class SubscriptionRefused(Refused):
    """The daemon does not serve these events (unknown session, no right to it)."""


class SourceUnreadable(BridgeError):
    """The media source cannot be opened, or holds neither picture nor sound."""

    code = "source_unreadable"


class ConnectionNotMade(BridgeError):
    """The daemon answered the offer, but no media path came up in time."""

    code = "connection_not_made"


class Unreachable(BridgeError):
    """Nobody answers at the daemon's address."""

    code = "unreachable"


class StreamBroken(BridgeError):
    """What came over the event stream is not what the daemon sends."""

    code = "stream_broken"
