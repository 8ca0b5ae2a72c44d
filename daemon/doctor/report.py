"""Every check, in the order in which they are told: the machine, then what it serves."""

from collections.abc import Iterator, Sequence

from ..config import Config
from .checks import CHECKS
from .finding import Check, Finding
from .gpu_checks import GPU_CHECKS
from .model_checks import check_roles
from .network_checks import NETWORK_CHECKS
from .store_checks import STORE_CHECKS

ALL: Sequence[Check] = (*CHECKS, *GPU_CHECKS, *STORE_CHECKS, *NETWORK_CHECKS)


def findings(config: Config) -> Iterator[Finding]:
    """What each check finds, as it finds it."""
    for check in ALL:
        yield check(config)
    yield from check_roles(config)
