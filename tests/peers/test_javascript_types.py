"""The JavaScript client's types, as TypeScript checks them, and its size."""

import subprocess
from pathlib import Path

from argusd.api.ops.dashboard import FILES

from .installed import NODE_MODULES, require_package

HERE = Path(__file__).parent
SMALL = 17_000


def test_what_the_client_is_annotated_with_holds() -> None:
    require_package("typescript")
    check = [str(NODE_MODULES / ".bin" / "tsc"), "--project", "jsconfig.json"]
    done = subprocess.run(check, cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_client_is_small() -> None:
    """All of its files, as they are served."""
    assert sum(file.stat().st_size for file in FILES.glob("argusd*.js")) < SMALL
