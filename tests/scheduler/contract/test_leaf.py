"""The contract is a leaf: whoever imports it gets the standard library, msgspec, and nothing else."""

import subprocess
import sys

IMPORT_ALL = """
import pkgutil, sys
import msgspec
before = set(sys.modules)
import argusd.scheduler.contract as contract
for module in pkgutil.walk_packages(contract.__path__, f"{contract.__name__}."):
    __import__(module.name)
print(*sorted(set(sys.modules) - before))
"""


def test_the_contract_loads_nothing_but_the_standard_library_and_msgspec() -> None:
    loaded = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=True
    ).stdout.split()
    outside = {name for name in loaded if name.split(".")[0] not in {*sys.stdlib_module_names, "msgspec"}}
    ours = {"argusd", "argusd.scheduler", "argusd.scheduler.contract"}
    assert {name for name in outside if not name.startswith("argusd.scheduler.contract.")} <= ours
