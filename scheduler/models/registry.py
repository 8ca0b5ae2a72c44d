"""Which adapter runs which model, and what runs it: each is registered where it is written."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from ..core import (
    AudioModel,
    AudioVisualModel,
    Engine,
    LibraryModel,
    VisionModel,
)
from ..zoo.store import ZooStore

BatchedModel = VisionModel | AudioModel | AudioVisualModel


class Graph(NamedTuple):
    """A graph of the store, which ONNX Runtime runs. ``make`` takes the model's name in the manifest.

    ``make_for``: the same for a model that tells other classes apart than those of COCO.
    """

    make: Callable[[str], BatchedModel]
    make_for: Callable[[str, Sequence[str]], BatchedModel] | None = None


class BuiltIn(NamedTuple):
    """A model without weights: it fills ``role`` where no other is present.

    ``needs``: roles without which it would be fed with nothing. ``make`` gives what runs it as well.
    """

    role: str
    needs: tuple[str, ...]
    make: Callable[[], tuple[BatchedModel, Engine]]


class Library(NamedTuple):
    """A model that its own library runs. ``make`` takes its name, the store with its files and the device."""

    make: Callable[[str, ZooStore, str], LibraryModel]


Entry = Graph | BuiltIn | Library

REGISTERED: dict[str, Entry] = {}


def register(entry: Entry, *names: str) -> None:
    """Run the models of these names so."""
    REGISTERED.update(dict.fromkeys(names, entry))
