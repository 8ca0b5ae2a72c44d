"""Read a PyTorch checkpoint as NumPy arrays, without running anything that it holds."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import ImportFailedError, TorchMissingError

Weights = dict[str, NDArray[np.float32]]


class Ignored:
    """Stands for an object that lies beside the weights; whatever it was made with is thrown away."""

    def __new__(cls, *args: object) -> "Ignored":  # noqa: ARG004
        """Take any arguments."""
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        """Keep nothing."""


def read_weights(content: bytes, key: str | None = None, ignored: Sequence[str] = ()) -> Weights:
    """Return the tensors of a state dictionary by name, float32.

    :param key: where the dictionary lies in the checkpoint; None: the checkpoint is the dictionary.
    :param ignored: full names of classes whose instances lie beside the dictionary. They are not imported.
    :raises TorchMissingError: when PyTorch is not installed; it is needed for this alone.
    :raises ImportFailedError: when the file is no checkpoint, or holds more than plain values and tensors.
    """
    checkpoint = load_checkpoint(content, lambda _torch: [(_stand_in(), name) for name in ignored])
    state = checkpoint if key is None else checkpoint.get(key)
    if not isinstance(state, Mapping):
        raise ImportFailedError(f"the checkpoint holds no state dictionary {key!r}")
    return {
        name: tensor.detach().float().numpy() for name, tensor in state.items() if hasattr(tensor, "detach")
    }


def load_checkpoint(
    content: bytes, stand_ins: Callable[[Any], Sequence[tuple[type, str]]]
) -> Mapping[str, Any]:
    """Return what a checkpoint holds, without running anything of it.

    :param stand_ins: given the torch module, says which classes of ours stand for which names in the file.
    :raises TorchMissingError: when PyTorch is not installed.
    :raises ImportFailedError: when the file is no checkpoint, or names other classes.
    """
    try:
        import torch  # hundreds of megabytes that only importing needs
    except ImportError as error:
        raise TorchMissingError(
            "converting this model needs PyTorch: pip install 'argusd[torch]', then pull it again"
        ) from error
    try:
        with torch.serialization.safe_globals(list(stand_ins(torch))):
            checkpoint = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # what torch raises on damaged pickles and archives is not bounded
        raise ImportFailedError(f"not a usable PyTorch checkpoint: {type(error).__name__}") from error
    if not isinstance(checkpoint, Mapping):
        raise ImportFailedError("the checkpoint holds no state dictionary")
    return checkpoint


def _stand_in() -> type[Ignored]:
    return type("Ignored", (Ignored,), {})  # one a name: torch tells them apart by the class
