import io
import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from argusd.scheduler.zoo.errors import ImportFailedError
from argusd.scheduler.zoo.importers.pytorch.torch_module import read_module


def saved(content: Any) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


def test_a_module_is_its_layers_and_what_they_hold() -> None:
    convolution = torch.nn.Conv2d(3, 4, 5, stride=2)
    module = torch.nn.Sequential(convolution, torch.nn.BatchNorm2d(4)).half()
    found = read_module(saved({"model": module}), "model")
    assert found.kind == "Sequential"
    assert [layer.kind for layer in found.children.values()] == ["Conv2d", "BatchNorm2d"]
    first, second = found.children.values()
    assert (first.held["stride"], second.held["eps"]) == ((2, 2), 1e-5)
    weight = first.tensor("weight")
    assert weight.dtype == np.float32
    np.testing.assert_array_equal(weight, convolution.weight.detach().float().numpy())
    np.testing.assert_array_equal(second.tensor("running_var"), np.ones(4))


def test_missing_layers_and_tensors_are_key_errors() -> None:
    found = read_module(saved({"model": torch.nn.Sequential()}), "model")
    with pytest.raises(KeyError):
        found.child("conv")
    with pytest.raises(KeyError):
        found.tensor("weight")


class Hostile:
    """What a hostile checkpoint would run."""

    def __reduce__(self) -> Any:
        return print, ("unpickled",)


def test_nothing_in_a_checkpoint_is_run(capsys: pytest.CaptureFixture[str]) -> None:
    read_module(saved({"model": torch.nn.Linear(2, 2), "beside": Hostile()}), "model")
    assert capsys.readouterr().out == ""


def test_classes_that_nobody_has_are_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = ModuleType("lost.layers")
    own = type("Own", (torch.nn.Module,), {"__module__": "lost.layers"})
    lost.Own = own  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "lost", ModuleType("lost"))
    monkeypatch.setitem(sys.modules, "lost.layers", lost)
    content = saved({"model": own()})
    monkeypatch.delitem(sys.modules, "lost.layers")
    assert read_module(content, "model").kind == "Own"


@pytest.mark.parametrize("content", [b"", b"no checkpoint", saved({"model": {"weight": torch.zeros(1)}})])
def test_what_holds_no_module_is_refused(content: bytes) -> None:
    with pytest.raises(ImportFailedError):
        read_module(content, "model")
