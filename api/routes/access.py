"""Tokens for browsers."""

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.access.tokens import SessionToken, TokenRequest

from ..access.token_routes import make_token, withdraw_tokens
from ..http.route import Route
from .refusals import BODY_ERRORS

ACCESS_ROUTES = (
    Route(
        "POST",
        "/tokens",
        make_token,
        {201: SessionToken},
        body=TokenRequest,
        refusals=(*BODY_ERRORS, errors.StoreUnavailable),
        session_in_body=True,
        scope="admin",
    ),
    Route(
        "DELETE", "/tokens", withdraw_tokens, {204: None}, refusals=(errors.StoreUnavailable,), scope="admin"
    ),
)
