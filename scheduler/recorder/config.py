"""What an operator can set for evidence."""

from pathlib import Path
from typing import Annotated

import msgspec

from ..contract.quantities import MOST, Count

SOCKET = "evidence.sock"


class RecorderConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The recorder's settings: the table ``[evidence]``. Sessions ask for evidence by their policies.

    ``before_s``, ``after_s``: what a clip shows of the time before a violation's start and after it.
    ``max_mib``: what all evidence may take of the disk; ``min_free_mib``: what it leaves free there. What
    would take more is not kept, and told as ``disk_full``.
    """

    runtime_dir: Path
    state_dir: Path
    ingest_workers: Count = 1
    before_s: Annotated[float, msgspec.Meta(gt=0, le=6)] = 5.0
    after_s: Annotated[float, msgspec.Meta(gt=0, le=30)] = 3.0
    max_mib: Count = 4096
    min_free_mib: Annotated[int, msgspec.Meta(ge=0, le=MOST)] = 512

    @property
    def socket_path(self) -> Path:
        """Where the recorder listens."""
        return self.runtime_dir / SOCKET
