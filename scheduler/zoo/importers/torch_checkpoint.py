"""Read a PyTorch checkpoint as NumPy arrays, without running anything that it holds."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ImportFailedError, TorchMissingError

Weights = dict[str, NDArray[np.float32]]


def read_weights(content: bytes, key: str | None = None) -> Weights:
    """Return the tensors of a state dictionary by name, float32.

    :param key: where the dictionary lies in the checkpoint; None: the checkpoint is the dictionary.
    :raises TorchMissingError: when PyTorch is not installed; it is needed for this alone.
    :raises ImportFailedError: when the file is no checkpoint, or holds more than plain values and tensors.
    """
    checkpoint = _load(content)
    state = checkpoint if key is None else checkpoint.get(key)
    if not isinstance(state, Mapping):
        raise ImportFailedError(f"the checkpoint holds no state dictionary {key!r}")
    return {
        name: tensor.detach().float().numpy() for name, tensor in state.items() if hasattr(tensor, "detach")
    }


def _load(content: bytes) -> Mapping[str, Any]:
    try:
        import torch  # hundreds of megabytes that only importing needs
    except ImportError as error:
        raise TorchMissingError(
            "converting this model needs PyTorch: pip install 'argusd[torch]', then pull it again"
        ) from error
    try:
        checkpoint = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except Exception as error:  # what torch raises on damaged pickles and archives is not bounded
        raise ImportFailedError(f"not a usable PyTorch checkpoint: {type(error).__name__}") from error
    if not isinstance(checkpoint, Mapping):
        raise ImportFailedError("the checkpoint holds no state dictionary")
    return checkpoint
