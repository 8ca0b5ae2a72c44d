"""Who can reach the api by its configuration: everybody, those with a token, or programs on this host.

Read before anything starts, by processes that hold no tokens: so it stands apart from what checks them.
"""

import ipaddress
import re

from argusd.scheduler.contract.quantities import HIGHEST_PORT

from ..config import ApiConfig
from ..errors import InsecureBind

# No user, no path, no escapes: whatever two parsers might take for different hosts.
AUTHORITY = re.compile(r"(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?")


def check_bind(config: ApiConfig) -> None:
    """Refuse to be reachable from other hosts without a token.

    Raises:
        InsecureBind: that is what the configuration asks for.
    """
    if not is_protected(config) and not is_loopback(config.host):
        raise InsecureBind(
            f"api.host {config.host} is reachable from elsewhere: set api.tokens or api.jwt first"
        )


def is_protected(config: ApiConfig) -> bool:
    """Whether a token is needed."""
    return bool(config.tokens) or config.jwt is not None


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this host."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def hostname(authority: str) -> str:
    """The host of ``host[:port]``; empty where that is written in another way than browsers write it."""
    found = AUTHORITY.fullmatch(authority)
    return found["host"] if found and int(found["port"] or 0) <= HIGHEST_PORT else ""
