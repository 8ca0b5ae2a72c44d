"""All operators that the PyTorch engine knows: what the modules beside this one register."""

from collections.abc import Mapping

from ...contract.modules import import_modules
from .registry import OPERATORS, Operator

assert __package__ is not None
import_modules(__package__)

KNOWN: Mapping[str, Operator] = OPERATORS
