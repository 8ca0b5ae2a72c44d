"""``argusd token``: a session token, as a service would ask for one (``POST /tokens``)."""

import argparse
import asyncio
from typing import get_args

import msgspec

from argusd.scheduler.contract.access.tokens import LONGEST_TOKEN_S, SessionScope, SessionToken, TokenRequest

from ..arguments import session_id, whole, words_of
from ..asking import ask
from ..options import configure_endpoint, endpoint

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
    asked = TokenRequest(args.session, tuple(args.scopes), args.expires_in_s)
    made = asyncio.run(ask(endpoint(args), "POST", "/tokens", SessionToken, asked))
    print(msgspec.json.encode(made).decode() if args.json else made.token)
    return 0
