"""What a service asks for so that a browser gets in, and what it gets."""

from typing import Annotated, Literal

import msgspec

from ..names import ENDS, Name

SessionScope = Literal["publish", "watch", "infer"]
"""What a session token may be for; ``admin`` is for services alone."""

LONGEST_TOKEN_S = 12 * 3600


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /tokens``: a token for what one session's page does, for so many seconds."""

    session_id: Name
    scopes: Annotated[tuple[SessionScope, ...], msgspec.Meta(min_length=1)]
    expires_in_s: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_TOKEN_S)] = 600


class SessionToken(msgspec.Struct, frozen=True):
    """A session token, good until ``expires_at`` (unix seconds)."""

    token: str
    expires_at: float

    def __repr__(self) -> str:
        return f"SessionToken(expires_at={self.expires_at})"  # never the token


class TicketRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``POST /tickets``: a ticket for one ``GET`` of this path."""

    path: Annotated[
        str,
        msgspec.Meta(
            pattern=rf"^/(?!/)[^?#\s\\]{{1,511}}{ENDS}",
            description="a path such as /sessions/interview-7/events, without a query",
        ),
    ]


class SessionTicket(msgspec.Struct, frozen=True):
    """A ticket, good once and until ``expires_at`` (unix seconds)."""

    ticket: str
    expires_at: float

    def __repr__(self) -> str:
        return f"SessionTicket(expires_at={self.expires_at})"  # never the ticket
