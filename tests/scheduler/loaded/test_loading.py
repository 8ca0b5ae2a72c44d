from pathlib import Path

import msgspec
import pytest

from argusd.scheduler.contract.messages import RoleStatus
from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.errors import InferenceFailed, ModelUnknown
from argusd.scheduler.loaded.loaded_sound import LoadedAudioModel, LoadedAudioVisualModel
from argusd.scheduler.loaded.loaded_vision import LoadedVisionModel
from argusd.scheduler.loaded.loading import load
from argusd.scheduler.loaded.probe import CurveCache
from argusd.scheduler.loaded.roles import FilledRole, fed_with
from argusd.scheduler.models.registry import REGISTERED, Library
from argusd.scheduler.zoo.manifest import Manifest, PathSource, builtin_manifest
from argusd.scheduler.zoo.store import ZooStore

from ..syncnet_network import SyncNetColor


@pytest.mark.weights
def test_a_model_is_measured_once(store: ZooStore, tmp_path: Path) -> None:
    curves = CurveCache(tmp_path)
    first = load("silero_vad", store, CPU, curves)
    again = load("silero_vad", store, CPU, curves)
    assert isinstance(first, LoadedAudioModel)
    assert isinstance(again, LoadedAudioModel)
    assert first.curve == again.curve
    assert first.max_batch > 1, "a recurrent model of small matrices gains from batches"


@pytest.mark.weights
def test_a_model_of_frames_is_served_as_one(store: ZooStore, tmp_path: Path) -> None:
    name = store.choose("face_detector")
    loaded = load(name, store, CPU, CurveCache(tmp_path))
    assert isinstance(loaded, LoadedVisionModel)
    assert (loaded.name, loaded.precision) == (name, "f32")


@pytest.mark.weights
def test_classes_are_named_only_of_models_that_may_have_others(store: ZooStore, tmp_path: Path) -> None:
    entry = msgspec.structs.replace(store.manifest.entry("silero_vad"), classes=("speech",))
    cache = ZooStore(store.path("silero_vad").parents[2], Manifest((entry,)))
    with pytest.raises(ModelUnknown, match="classes of silero_vad"):
        load("silero_vad", cache, CPU, CurveCache(tmp_path))


class Failing:
    """A library that is not what it was."""

    role = "vad"
    name = "failing"

    def check(self) -> None:
        raise AttributeError("no such thing in this version")


def test_what_a_library_raises_costs_its_role_and_not_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REGISTERED, "failing", Library(lambda *_: Failing()))
    with pytest.raises(InferenceFailed, match="the library of failing does not run here; the log says more"):
        load("failing", ZooStore(tmp_path), CPU, CurveCache(tmp_path))


def test_syncnets_checkpoint_becomes_a_model_that_is_fed_with_pictures(tmp_path: Path) -> None:
    """As published, but for its weights, which are random."""
    checkpoint = tmp_path / "lipsync_expert.pth"
    checkpoint.write_bytes(SyncNetColor().saved("module."))
    [entry] = builtin_manifest().select(["syncnet"])
    [file] = entry.files
    here = msgspec.structs.replace(file, sources=(PathSource(str(checkpoint)),))
    store = ZooStore(tmp_path / "cache", Manifest((msgspec.structs.replace(entry, files=(here,)),)))
    store.pull(["syncnet"])
    loaded = load("syncnet", store, CPU, CurveCache(tmp_path))
    assert isinstance(loaded, LoadedAudioVisualModel)
    assert loaded.model.fed_with == "lip_crops"
    status = RoleStatus("lip_sync", "syncnet", True, "", 0.0)
    assert fed_with([FilledRole(status, loaded)]) == ["lip_crops"]
    assert isinstance(load("lip_crops", store, CPU, CurveCache(tmp_path)), LoadedVisionModel)
    built_in = load("mouth_correlation", store, CPU, CurveCache(tmp_path))
    assert fed_with([FilledRole(status, built_in)]) == []
