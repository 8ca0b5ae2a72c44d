"""Read a pickled PyTorch module: its layers and what they hold, without any of its code.

Some networks are published as whole modules, not as state dictionaries. Unpickling one would import its
library and run what the file says. Here every class that the file names is replaced by one that keeps what it
is given and does nothing.
"""

from typing import Any

import numpy as np

from ...errors import ImportFailedError
from ..graph import Array
from .torch_checkpoint import load_checkpoint


class Layer:
    """What a pickled object was: the class it names, and its attributes."""

    kind = ""

    held: dict[str, Any]

    def __new__(cls, *args: object) -> "Layer":  # noqa: ARG004
        """Take any arguments."""
        layer = super().__new__(cls)
        layer.held = {}
        return layer

    def __init__(self, *args: object) -> None:
        """Take any arguments."""

    def __setstate__(self, state: object) -> None:
        """Keep the attributes."""
        self.held = dict(state) if isinstance(state, dict) else {}

    @property
    def children(self) -> dict[str, "Layer"]:
        """The layers inside, by name, in their order."""
        return {name: child for name, child in self._part("_modules").items() if isinstance(child, Layer)}

    def child(self, name: str) -> "Layer":
        """The layer inside of this name.

        :raises KeyError: when there is none.
        """
        return self.children[name]

    def tensor(self, name: str) -> Array:
        """A weight or a running statistic, float32.

        :raises KeyError: when there is none.
        """
        found = {**self._part("_parameters"), **self._part("_buffers")}[name]
        return np.asarray(found, np.float32)

    def _part(self, name: str) -> dict[str, Any]:
        part = self.held.get(name, {})
        return part if isinstance(part, dict) else {}


def read_module(content: bytes, key: str) -> Layer:
    """Return the module that a checkpoint holds under ``key``.

    :raises ImportFailedError: when the file is no checkpoint, or holds no module there.
    """
    module = load_checkpoint(content, _stand_in).get(key)
    if not isinstance(module, Layer):
        raise ImportFailedError(f"the checkpoint holds no module {key!r}")
    return module


def _stand_in(name: str) -> type[Layer]:
    """A class of our own for a name in the file."""
    return type("Layer", (Layer,), {"kind": name.rpartition(".")[2]})
