"""Fuzz one target by the code that its inputs reach: ``python -m tests.fuzz.guided TARGET SECONDS``.

libFuzzer never returns, so this is a program. An input that does harm, or takes longer than ``HANGS_S``, is
written into the target's corpus, and the status is not 0.
"""

import sys
import tempfile
from pathlib import Path

import atheris

HANGS_S = 20
LONGEST = 1 << 16
MEMORY_MIB = 2048

with atheris.instrument_imports(include=["argusd", "aioice", "aiortc"]):
    from tests.fuzz.targets import TARGETS


def main(name: str, seconds: str) -> None:
    """Fuzz until the time is over, or something is found."""
    target = TARGETS[name]
    target.found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds()):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        atheris.Setup(
            [
                name,
                folder,
                str(target.found),
                f"-max_total_time={seconds}",
                f"-artifact_prefix={target.found}/",
                f"-timeout={HANGS_S}",
                f"-max_len={LONGEST}",
                f"-rss_limit_mb={MEMORY_MIB}",
                "-print_final_stats=1",
                "-reload=0",
                "-seed=1",
            ],
            target.run,
        )
        atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
