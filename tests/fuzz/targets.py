"""All targets."""

from . import body_targets, file_targets, media_targets, text_targets  # noqa: F401 - they register themselves
from .target import TARGETS, Target

__all__ = ["TARGETS", "Target"]
