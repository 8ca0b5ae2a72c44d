"""Where clients on this host find the daemon."""

from argusd.scheduler.contract.http import authority

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


def base_url(host: str, port: int) -> str:
    """The daemon's address for a client on the same host; a wildcard bind is reached through loopback."""
    return f"http://{authority(WILDCARDS.get(host, host), port)}"
