"""All modules of a package: what they declare or register is there once they are imported."""

import pkgutil
from importlib import import_module
from types import ModuleType


def import_modules(package: str) -> list[ModuleType]:
    """Import every module of a package and of those inside it, in order of their names."""
    found = pkgutil.walk_packages(import_module(package).__path__, f"{package}.")
    return [import_module(each.name) for each in found]
