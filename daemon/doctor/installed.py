"""Which distributions are there."""

from importlib.metadata import PackageNotFoundError, version


def installed(package: str) -> bool:
    """Whether a distribution is installed in this environment."""
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True
