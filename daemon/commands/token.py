"""``argusd token``: a session token, as a service would ask for one (``POST /tokens``)."""

import argparse
import asyncio
from typing import get_args

import msgspec

from argusd.interviewer_bridge.client import MLOrchestratorClient
from argusd.scheduler.contract.access.tokens import LONGEST_TOKEN_S, SessionScope, SessionToken

from ..arguments import session_id, whole, words_of
from ..options import Endpoint, configure_endpoint, endpoint

HELP = {"token": "make a token that lets a browser into one session"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--session", type=session_id, required=True, metavar="ID", help="the session")
    parser.add_argument(
        "--scopes",
        type=words_of(get_args(SessionScope)),
        default=["publish", "watch"],
        metavar="A,B",
        help=f"what its bearer may do, of {', '.join(get_args(SessionScope))} (default: publish,watch)",
    )
    parser.add_argument(
        "--expires-in-s",
        type=whole(1, LONGEST_TOKEN_S),
        default=600,
        metavar="N",
        help="for how many seconds it is good (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="with the time when it ends, as JSON")
    configure_endpoint(parser)


def run(args: argparse.Namespace) -> int:
    """Print the token; the daemon's own must have the scope admin."""
    made = asyncio.run(made_token(endpoint(args), args.session, args.scopes, args.expires_in_s))
    print(msgspec.json.encode(made).decode() if args.json else made.token)
    return 0


async def made_token(
    daemon: Endpoint, session_id: str, scopes: list[SessionScope], expires_in_s: int
) -> SessionToken:
    """The token that the daemon makes."""
    async with MLOrchestratorClient(daemon.url, daemon.token) as client:
        return await client.session_token(session_id, scopes, expires_in_s)
