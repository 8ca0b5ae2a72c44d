"""``argusd``, which is ``python -m argusd.daemon``: the supervisor starts its children this way."""

import sys

from .exit_codes import INTERRUPTED


def main() -> int:
    """Run one command; returns the exit code. Ctrl-C is no error before its modules are loaded, either."""
    try:
        from .cli import main as run_command

        return run_command()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
