"""What a check says: a line of the report."""

from collections.abc import Callable
from typing import Literal

import msgspec

from ..config import Config


class Finding(msgspec.Struct, frozen=True):
    """One line of the report; ``remedy`` is empty when nothing is amiss."""

    verdict: Literal["ok", "warn", "fail"]
    subject: str
    found: str
    remedy: str = ""


Check = Callable[[Config], Finding]
