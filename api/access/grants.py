"""What a token lets its bearer do: which kinds of request, for which sessions, how many in a minute."""

import time
from typing import NamedTuple, get_args

from argusd.scheduler.contract.errors import Forbidden, InsufficientScope, RateLimited

from ..config import Scope
from ..http.rate_limit import RateLimit


class Grant(NamedTuple):
    """What its bearer may do.

    ``principal`` tells whether two requests come from the same bearer; empty where no token is needed.
    ``session_id`` and ``session_prefix`` bind it to sessions; a bound one sees no overviews. ``stamp`` ends
    it with its session (``stamps.py``), where we made the token or ticket.
    """

    principal: str
    scopes: frozenset[Scope]
    session_prefix: str = ""
    session_id: str | None = None
    limit: RateLimit | None = None
    stamp: str | None = None

    def check_scope(self, scope: Scope) -> None:
        """Let a kind of request in or not.

        Raises:
            InsufficientScope: the token is not for it.
        """
        if scope not in self.scopes:
            raise InsufficientScope(f"This token lacks the scope {scope}.")

    def check_session(self, session_id: str | None) -> None:
        """Let a request for a session (None: for an overview) in or not.

        Raises:
            Forbidden: the token is for other sessions.
        """
        mine = self.session_id is None or session_id == self.session_id
        if not (mine and (session_id or "").startswith(self.session_prefix)):
            raise Forbidden("This token is for other sessions.")

    def check_rate(self) -> None:
        """Count a request.

        Raises:
            RateLimited: there were too many.
        """
        if self.limit and not self.limit.allow(self.principal, time.monotonic()):
            raise RateLimited("There are too many requests with this token; slow down.")


EVERYTHING = Grant("", frozenset(get_args(Scope)))
"""What everybody on this host may do while no token is configured."""
