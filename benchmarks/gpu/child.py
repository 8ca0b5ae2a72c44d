"""One part on the GPU, in a process of its own: ``… PART MODELS FILE [quick]``."""

import sys
from importlib import import_module
from pathlib import Path

import msgspec

from .parts import PARTS, Found, try_out
from .rig import FULL, QUICK, gpu_rig


def main(name: str, models: Path, kept: Path, quick: bool) -> None:
    """Try a part out, and keep what it finds in a file as it comes."""
    run = import_module(f"{__package__}.{PARTS[name].module}").run
    try_out(run, gpu_rig(models, QUICK if quick else FULL), lambda found: keep(found, kept))


def keep(found: Found, path: Path) -> None:
    """Whoever reads the file sees all that was found before, or this."""
    draft = path.with_suffix(".draft")
    draft.write_bytes(msgspec.json.encode(found))
    draft.replace(path)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), "quick" in sys.argv[4:])
