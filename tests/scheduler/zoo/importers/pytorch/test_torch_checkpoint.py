import contextlib
import io
import pickle
import sys
from enum import Enum
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.pytorch.pickled import _tensor
from argusd.scheduler.zoo.importers.pytorch.torch_checkpoint import read_weights


class Unwanted:
    """What a hostile checkpoint would run."""

    def __reduce__(self) -> Any:
        return print, ("unpickled",)


def saved(content: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, **options)
    return file.getvalue()


STATE = {"a": torch.tensor([[1.0, 2.0]]), "b": torch.tensor([3, 4])}
FORMS = [saved(STATE, _use_new_zipfile_serialization=zipped) for zipped in (True, False)]


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


class Colour(Enum):
    RED = 1


class Task:
    def __init__(self) -> None:
        self.colours = {"background": Colour.RED}


def test_objects_beside_the_weights_are_thrown_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in (Task, Colour):
        monkeypatch.setattr(each, "__module__", "unheard_of.tasks")
    tasks = ModuleType("unheard_of.tasks")
    tasks.Task, tasks.Colour = Task, Colour  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "unheard_of", ModuleType("unheard_of"))
    monkeypatch.setitem(sys.modules, "unheard_of.tasks", tasks)
    content = saved({"model": {"a": torch.ones(1)}, "task": Task()})
    monkeypatch.delitem(sys.modules, "unheard_of.tasks")

    assert read_weights(content, "model", ["unheard_of.tasks.Task", "unheard_of.tasks.Colour"])["a"] == 1
    with pytest.raises(ImportFailedError):
        read_weights(content, "model", ["unheard_of.tasks.Task"])
    with pytest.raises(ImportFailedError):
        read_weights(content, "model")


@pytest.mark.parametrize("content", [b"", b"no checkpoint", saved({"a": torch.zeros(9)})[:200]])
def test_damage_is_refused(content: bytes) -> None:
    with pytest.raises(ImportFailedError, match="not a usable PyTorch checkpoint"):
        read_weights(content)


def test_pytorch_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    content = saved({"a": torch.ones(2)})
    monkeypatch.setitem(sys.modules, "torch", None)
    np.testing.assert_array_equal(read_weights(content)["a"], [1, 1])


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_that_share_a_storage_are_the_parts_that_they_were(zipped: bool) -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    parts = {"turned": whole.t(), "column": whole[:, 1], "one": whole[2, 3], "none": whole[:0]}
    found = read_weights(saved(parts, _use_new_zipfile_serialization=zipped))
    for name, part in parts.items():
        np.testing.assert_array_equal(found[name], part.numpy())


@pytest.mark.parametrize(
    "tensor",
    [
        (0, (3,), (1,)),
        (2, (1,), (1,)),
        (-1, (1,), (1,)),
        (1, (2,), (-1,)),
        (0, (2, 2), (0,)),
    ],
)
def test_a_tensor_stays_within_its_storage(tensor: Any) -> None:
    with pytest.raises(pickle.UnpicklingError):
        _tensor(np.zeros(2, np.float32), *tensor)


@given(data=st.data())
def test_whatever_is_damaged_is_refused_or_read(data: st.DataObject) -> None:
    """No damage is worth more than the one error that a pull tells of."""
    content = bytearray(data.draw(st.sampled_from(FORMS)))
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ImportFailedError):
        read_weights(bytes(content))
