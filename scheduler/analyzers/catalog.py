"""The analyzers that the modules beside this one register, by stream."""

from collections.abc import Mapping

from ..contract.catalog import STREAMS
from ..contract.modules import import_modules
from ..core import AnalyzerFactory
from .registry import REGISTERED

assert __package__ is not None
import_modules(__package__)

ANALYZERS: Mapping[str, AnalyzerFactory] = {name: REGISTERED[name] for name in STREAMS}
