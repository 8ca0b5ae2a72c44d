from pathlib import Path
from typing import cast

from argusd.scheduler.roles import live_roles, wanted_roles, welcome_roles
from argusd.scheduler.zoo.manifest import builtin_manifest
from argusd.scheduler.zoo.store import ZooStore


class StoreOf:
    """A store that holds these models of the manifest."""

    def __init__(self, *names: str) -> None:
        self.manifest = builtin_manifest()
        self._names = names

    def is_present(self, name: str) -> bool:
        return name in self._names


def test_a_session_can_do_without_telling_voices_apart() -> None:
    assert "speaker_embedder" not in live_roles()
    assert {"face_detector", "object_detector", "vad"} <= live_roles()


def test_each_lane_has_the_roles_of_its_tasks() -> None:
    assert {"vad", "speaker_embedder"} <= set(wanted_roles("rt"))
    assert {"vad", "speaker_embedder", "ocr"} <= set(wanted_roles("bulk"))
    assert "object_detector" not in wanted_roles("bulk")


def test_a_role_that_tasks_can_do_without_is_served_where_a_model_is_present(tmp_path: Path) -> None:
    assert welcome_roles("bulk", ZooStore(tmp_path)) == []
    store = cast(ZooStore, StoreOf("pyannote_3_1"))
    assert welcome_roles("bulk", store) == ["diarizer"]
    assert welcome_roles("rt", store) == []
