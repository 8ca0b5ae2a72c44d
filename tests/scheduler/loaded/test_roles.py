import shutil
from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

import onnx
import pytest

from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.messages import RoleStatus
from argusd.scheduler.contract.tiers import Tier
from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.roles import (
    FilledRole,
    batched,
    candidates,
    fill_roles,
    library_models,
    live_roles,
    wanted_roles,
    welcome_roles,
)
from argusd.scheduler.zoo.errors import CacheUnusableError, ModelUnavailableError
from argusd.scheduler.zoo.manifest import builtin_manifest, manifest_with
from argusd.scheduler.zoo.store import ZooStore

from ...flipped import flipped
from ..graphs import of_one_node


class StoreOf:
    """A store that holds these models of the manifest."""

    def __init__(self, *names: str) -> None:
        self.manifest = builtin_manifest()
        self._names = names

    def is_present(self, name: str) -> bool:
        return name in self._names


def test_every_role_that_some_stream_looks_with_is_wanted_where_streams_are() -> None:
    assert {"face_detector", "face_mesh", "object_detector", "vad"} <= live_roles()
    assert live_roles() < set(wanted_roles("live"))


def test_a_session_can_do_without_telling_voices_apart() -> None:
    assert "speaker_embedder" not in live_roles()


def test_each_tier_has_the_roles_of_its_tasks() -> None:
    assert {"vad", "speaker_embedder"} <= set(wanted_roles("live"))
    assert {"vad", "speaker_embedder", "ocr"} <= set(wanted_roles("bulk"))
    assert "object_detector" not in wanted_roles("bulk")


def test_a_role_that_tasks_can_do_without_is_served_where_a_model_is_present(tmp_path: Path) -> None:
    assert welcome_roles("bulk", ZooStore(tmp_path)) == []
    store = cast(ZooStore, StoreOf("pyannote_3_1"))
    assert welcome_roles("bulk", store) == ["diarizer"]
    assert welcome_roles("live", store) == []


def test_a_role_that_is_given_a_model_of_another_is_not_ready_and_says_why(tmp_path: Path) -> None:
    config = SchedulerConfig(
        runtime_dir=tmp_path, state_dir=tmp_path, cache_dir=tmp_path, models={"vad": "centernet"}
    )
    roles = fill_roles(config, CPU)
    [vad] = [role.status for role in roles if role.status.role == "vad"]
    assert not vad.ready
    assert "centernet" in vad.detail
    assert (batched(roles), library_models(roles)) == ([], {})


OWN = """
[[models]]
name = "better"
about = "for a test"
role = "vad"
licence = "none"
adapter = "silero_vad"

[[models.files]]
name = "silero_vad.onnx"
sha256 = "unpublished"
sources = [{{ kind = "path", path = "{}" }}]
"""


def without_state(graph: bytes) -> bytes:
    """Silero's network, but for the output that its adapter keeps."""
    model = onnx.load_from_string(graph)
    del model.graph.output[1]
    return bytes(model.SerializeToString())


@pytest.mark.weights
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda graph: graph, ""),
        (lambda _: b"no model at all", "cannot load"),
        (lambda _: of_one_node("Relu", "x"), "could not run the batch (Required inputs (['x']) are missing"),
        (without_state, "it is no graph of its adapter's: not enough values to unpack (expected 2, got 1)"),
    ],
)
def test_a_model_of_the_sites_own_fills_its_role_unless_it_does_not_run_here(
    store: ZooStore,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    changed: Callable[[bytes], bytes],
    said: str,
) -> None:
    runs = not said
    published = tmp_path / "published.onnx"
    published.write_bytes(changed(store.path("silero_vad").read_bytes()))
    own = tmp_path / "models.toml"
    own.write_text(OWN.format(published))
    ZooStore(tmp_path, manifest_with(own)).pull(["better"])
    (tmp_path / "models" / "silero_vad").symlink_to(store.path("silero_vad").parent)

    def vad(**models: str) -> FilledRole:
        config = SchedulerConfig(
            runtime_dir=tmp_path, state_dir=tmp_path, cache_dir=tmp_path, models_file=own, models=models
        )
        return next(role for role in fill_roles(config, CPU) if role.status.role == "vad")

    with caplog.at_level("WARNING"):
        filled = vad()
    assert (filled.status.model, filled.status.ready) == ("better" if runs else "silero_vad", True)
    assert ("role vad: better does not serve" in caplog.text) == (not runs)
    configured = vad(vad="better")
    assert (configured.status.model, configured.status.ready) == ("better", runs)
    assert said in configured.status.detail


@pytest.mark.weights
def test_a_damaged_model_is_not_loaded_and_no_other_takes_its_place(
    store: ZooStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(store.path("silero_vad").parent, tmp_path / "models" / "silero_vad")
    config = SchedulerConfig(runtime_dir=tmp_path, state_dir=tmp_path, cache_dir=tmp_path)

    def vad() -> RoleStatus:
        [status] = [role.status for role in fill_roles(config, CPU) if role.status.role == "vad"]
        return status

    weights = tmp_path / "models" / "silero_vad" / store.path("silero_vad").name
    with flipped(weights, at=weights.stat().st_size // 2):
        found = vad()
        assert (found.model, found.ready) == ("silero_vad", False)
        assert (
            "`argusd models verify` tells more, `argusd models pull silero_vad` gets it anew" in found.detail
        )
        assert found.detail in caplog.text
    assert vad().ready


class Unreadable(StoreOf):
    """The records beside its models are damaged."""

    def is_present(self, name: str) -> bool:
        raise CacheUnusableError(f"the record of {name} is damaged")


def test_a_role_whose_records_cannot_be_read_is_wanted_so_that_it_says_why() -> None:
    assert welcome_roles("bulk", cast(ZooStore, Unreadable())) == ["diarizer"]


def test_a_model_that_cannot_be_read_costs_its_own_role_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As PermissionError, which root never gets."""
    (tmp_path / "models" / "dfine_n" / "first_seen.json").mkdir(parents=True)
    (tmp_path / "models" / "syncnet").mkdir()
    (tmp_path / "models" / "syncnet" / "first_seen.json").write_text("half of it")
    live, bulk = (
        {
            role.status.role: role.status.detail
            for role in fill_roles(
                SchedulerConfig(runtime_dir=tmp_path, state_dir=tmp_path, cache_dir=tmp_path, tier=tier), CPU
            )
        }
        for tier in get_args(Tier)
    )
    assert "argusd models pull" in live["vad"]
    assert "argusd models pull" in bulk["ocr"]
    assert "no model is here for" in caplog.text


class Holding(ZooStore):
    """The same for what asks for models by role."""

    def __init__(self, *names: str) -> None:
        super().__init__(Path("nowhere"))
        self._names = names

    def is_present(self, name: str) -> bool:
        return name in self._names


def test_lip_sync_is_filled_with_what_is_there() -> None:
    empty, pulled = Holding(), Holding("syncnet")
    assert candidates("lip_sync", None, empty) == ["mouth_correlation"]
    assert candidates("lip_sync", None, pulled) == ["syncnet", "mouth_correlation"]
    assert candidates("lip_sync", "mouth_correlation", pulled) == ["mouth_correlation"]
    with pytest.raises(ModelUnavailableError, match="argusd models pull"):
        candidates("lip_sync", "syncnet", empty)
