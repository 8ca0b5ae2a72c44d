"""All models that can be run here: what the modules beside this one register, and other packages' modules.

A package that is installed beside argusd brings adapters of its own by an entry point of the group
``argusd.models``, which names a module that calls ``register``.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points

from ..contract.modules import import_modules
from .registry import REGISTERED, BuiltIn, Entry

assert __package__ is not None
import_modules(__package__)
for each in entry_points(group="argusd.models"):
    each.load()

MODELS: Mapping[str, Entry] = REGISTERED
# Role to the model that fills it where no other is present.
BUILT_IN = {entry.role: name for name, entry in MODELS.items() if isinstance(entry, BuiltIn)}
