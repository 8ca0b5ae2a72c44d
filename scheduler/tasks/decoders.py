"""Whatever a decoder raises for a caller's bytes is the fault of those bytes."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ..contract.errors import ServiceError
from ..contract.logs.tracebacks import log_fault

log = logging.getLogger(__name__)


@contextmanager
def refusing(refusal: ServiceError) -> Iterator[None]:
    """Raise ``refusal`` in place of an error that nobody expected; the log says where that came from."""
    try:
        yield
    except ServiceError:
        raise
    except Exception as error:
        log_fault(log, "a decoder stumbled over what a caller sent", error)
        raise refusal from error
