"""All models that this version can run: what the modules beside this one register."""

from collections.abc import Mapping

from ..contract.modules import import_modules
from .registry import REGISTERED, BuiltIn, Entry

assert __package__ is not None
import_modules(__package__)

MODELS: Mapping[str, Entry] = REGISTERED
# Role to the model that fills it where no other is present.
BUILT_IN = {entry.role: name for name, entry in MODELS.items() if isinstance(entry, BuiltIn)}
