import io
import sys
from typing import Any

import numpy as np
import pytest
import torch

from argusd.scheduler.zoo.errors import ImportFailedError, TorchMissingError
from argusd.scheduler.zoo.importers.torch_checkpoint import read_weights


class Unwanted:
    """What a hostile checkpoint would run."""

    def __reduce__(self) -> Any:
        return print, ("unpickled",)


def saved(content: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_by_name_as_float32(zipped: bool) -> None:
    state = {"a": torch.tensor([[1.0, 2.0]], dtype=torch.float64), "b": torch.tensor(3.0).half()}
    found = read_weights(saved({"model": state}, _use_new_zipfile_serialization=zipped), "model")
    assert list(found) == ["a", "b"]
    np.testing.assert_array_equal(found["a"], [[1, 2]])
    assert found["b"] == 3
    assert found["a"].dtype == found["b"].dtype == np.float32


def test_a_bare_state_dictionary() -> None:
    assert list(read_weights(saved({"a": torch.zeros(1), "epoch": 3}))) == ["a"]


@pytest.mark.parametrize("content", [{"other": {}}, {"model": 3}, [1, 2]])
def test_what_holds_no_state_is_refused(content: Any) -> None:
    with pytest.raises(ImportFailedError, match="no state dictionary"):
        read_weights(saved(content), "model")


def test_nothing_in_a_checkpoint_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportFailedError, match="not a usable PyTorch checkpoint"):
        read_weights(saved({"model": Unwanted()}), "model")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", [b"", b"no checkpoint", saved({"a": torch.zeros(9)})[:200]])
def test_damage_is_refused(content: bytes) -> None:
    with pytest.raises(ImportFailedError, match="not a usable PyTorch checkpoint"):
        read_weights(content)


def test_without_pytorch_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved({"a": torch.zeros(1)})
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(TorchMissingError, match=r"pip install 'argusd\[torch\]'"):
        read_weights(content)
