"""``argusd``, which is ``python -m argusd.daemon``: the supervisor starts its children this way."""

import sys

from .interrupts import loading


def main() -> int:
    """Run one command; returns the exit code."""
    with loading():
        from .cli import main as run_command
    return run_command()


if __name__ == "__main__":
    sys.exit(main())
