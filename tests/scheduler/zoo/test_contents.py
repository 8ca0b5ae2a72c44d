"""What the store says of its cache, through the store."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from argusd.scheduler.zoo.errors import ModelUnavailableError
from argusd.scheduler.zoo.manifest import Manifest
from argusd.scheduler.zoo.store import ZooStore

ManifestMaker = Callable[..., Manifest]


def test_damage_on_disk_is_found_by_verify_and_mended_by_pull(
    tmp_path: Path, local_manifest: ManifestMaker
) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights", face=b"more weights"))
    store.pull(["site"])
    store.path("voice").write_bytes(b"weightz")

    damages = store.verify()
    store.pull(["voice"])

    assert [(damage.model, damage.file) for damage in damages] == [("voice", "voice.bin")]
    assert store.verify() == []


def test_a_model_without_what_it_needs_is_as_good_as_absent(
    tmp_path: Path, local_manifest: ManifestMaker
) -> None:
    voice, face = local_manifest(voice=b"1", face=b"2").models
    store = ZooStore(tmp_path / "cache", Manifest((voice, msgspec.structs.replace(face, needs=("voice",)))))
    store.pull(["face"])
    assert store.choose("role_of_all", "face") == "face"

    store.path("voice").unlink()
    with pytest.raises(ModelUnavailableError, match="pull face"):
        store.choose("role_of_all", "face")


def test_the_list_says_what_is_present(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights", face=b"more"))
    store.pull(["voice"])

    (tmp_path / "cache" / "models" / "voice" / "elsewhere.bin").symlink_to(tmp_path / "unplugged")

    lines = [(line.name, line.present, line.size, line.licence) for line in store.status()]

    assert lines == [("voice", True, 7, "MIT"), ("face", False, 0, "MIT")]
