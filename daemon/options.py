"""Options that several commands share, and the configuration or the daemon they lead to."""

import argparse

import msgspec

from argusd.interviewer_bridge.addresses import named_in

from .address import base_url
from .arguments import addresses, path, port
from .config import Config, load_config
from .errors import ConfigInvalid


class Endpoint(msgspec.Struct, frozen=True):
    """A daemon's address, or those of several hosts with commas between, and the token it wants, if any."""

    url: str
    token: str | None


def configure_daemon(parser: argparse.ArgumentParser) -> None:
    """Declare what commands that start a daemon understand."""
    parser.add_argument("--port", type=port, metavar="N", help="port of the HTTP api (api.port)")
    parser.add_argument("--state-dir", type=path, metavar="DIR", help="where its state lies (state_dir)")


def daemon_config(args: argparse.Namespace) -> Config:
    """The configuration of a daemon to start; options win over the environment and the file."""
    overrides = {}
    if args.port is not None:
        overrides["ARGUSD_API__PORT"] = str(args.port)
    if args.state_dir is not None:
        overrides["ARGUSD_STATE_DIR"] = str(args.state_dir.absolute())
    return load_config(args.config, overrides)


def configure_json(parser: argparse.ArgumentParser, what: str) -> None:
    """Declare what lists understand that programs read as well."""
    parser.add_argument("--json", action="store_true", help=f"one {what} a line, as JSON")


def configure_endpoint(parser: argparse.ArgumentParser) -> None:
    """Declare what commands that talk to a running daemon understand."""
    parser.add_argument(
        "--url",
        type=addresses,
        metavar="URL",
        help="the daemon, or hosts with commas between (default: as configured)",
    )


def endpoint(args: argparse.Namespace) -> Endpoint:
    """The daemon that the arguments, the environment or the configuration name, in this order."""
    config = load_config(args.config)
    local = local_endpoint(config)
    try:
        url = args.url or named_in(config.environment) or local.url
    except ValueError as error:
        raise ConfigInvalid(str(error)) from error
    return msgspec.structs.replace(local, url=url)


def local_endpoint(config: Config) -> Endpoint:
    """The daemon that a configuration describes."""
    return Endpoint(base_url(config.api.host, config.api.port), config.client_token)
