from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from .fixtures import Rig, running_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """An api with a fake worker and a fake scheduler, all ready."""
    async with running_rig(tmp_path) as rig:
        yield rig
