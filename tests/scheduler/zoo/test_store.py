import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import pytest

from argusd.scheduler.zoo.errors import (
    CacheUnusableError,
    HashMismatchError,
    ModelUnavailableError,
    SourceUnavailableError,
    UnknownModelError,
)
from argusd.scheduler.zoo.layout import CacheLayout
from argusd.scheduler.zoo.manifest import Manifest
from argusd.scheduler.zoo.store import ZooStore

from ...waiting import LONGEST_S

ManifestMaker = Callable[..., Manifest]


def test_a_pulled_model_is_found_and_whole(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))

    store.pull(["voice"])

    assert store.path("voice") == tmp_path / "cache" / "models" / "voice" / "voice.bin"
    assert store.file("voice", "voice.bin").read_bytes() == b"weights"
    assert store.verify() == []


def test_a_missing_model_is_an_error_that_names_the_remedy(
    tmp_path: Path, local_manifest: ManifestMaker
) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))

    with pytest.raises(ModelUnavailableError, match="`argusd models pull voice`") as caught:
        store.path("voice")

    assert caught.value.code == "model_unavailable"
    assert not (tmp_path / "cache").exists()


def test_a_role_without_a_model_names_the_free_ones_and_first_what_a_pull_gets(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        ZooStore(tmp_path).candidates("face_detector")
    sentence = str(caught.value)
    assert "`argusd models pull blazeface_full_range`, or blazeface or mtcnn in its place" in sentence
    assert "scrfd" not in sentence


def test_looking_up_needs_no_sources_once_pulled(
    tmp_path: Path, published: Path, local_manifest: ManifestMaker
) -> None:
    manifest = local_manifest(voice=b"weights")
    ZooStore(tmp_path / "cache", manifest).pull(["site"])
    (published / "voice.bin").unlink()

    store = ZooStore(tmp_path / "cache", manifest)
    store.pull(["site"])

    assert store.is_present("voice")


def test_a_wrong_file_is_refused_and_the_old_one_stays(
    tmp_path: Path, published: Path, local_manifest: ManifestMaker
) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))
    (published / "voice.bin").write_bytes(b"tampered")

    with pytest.raises(HashMismatchError, match=r"voice\.bin"):
        store.pull(["voice"])

    assert not store.is_present("voice")


def test_what_an_interrupted_pull_left_behind_is_removed_by_the_next(
    tmp_path: Path, local_manifest: ManifestMaker
) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))
    (tmp_path / "cache" / "work" / "half").mkdir(parents=True)
    (tmp_path / "cache" / "work" / "half" / "file0").write_bytes(b"weig")

    store.pull(["voice"])

    assert list((tmp_path / "cache" / "work").iterdir()) == []


def test_a_pull_cut_off_before_the_file_is_in_place_leaves_no_half_file(
    tmp_path: Path, local_manifest: ManifestMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("argusd.scheduler.zoo.fetching.place", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.pull(["voice"])

    assert not store.is_present("voice")
    store.pull(["voice"])
    assert store.is_present("voice")


PULL_SITE = """
import logging, sys
from pathlib import Path
import msgspec
from argusd.scheduler.zoo.manifest import Manifest
from argusd.scheduler.zoo.store import ZooStore

logging.basicConfig(level=logging.INFO)
manifest = msgspec.json.decode(sys.stdin.buffer.read(), type=Manifest)
ZooStore(Path(sys.argv[1]), manifest).pull(["site"])
"""


def start_pulling(cache_dir: Path, manifest: Manifest) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PULL_SITE, str(cache_dir)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(manifest))
    process.stdin.close()
    process.stdin = None
    return process


def test_two_processes_may_pull_at_once(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    manifest = local_manifest(voice=os.urandom(1 << 20), face=os.urandom(1 << 20))

    processes = [start_pulling(tmp_path / "cache", manifest) for _ in range(2)]

    for process in processes:
        _, words = process.communicate(timeout=LONGEST_S)
        assert process.returncode == 0, words
    store = ZooStore(tmp_path / "cache", manifest)
    assert store.is_present("voice")
    assert store.is_present("face")
    assert store.verify() == []


def test_a_pull_waits_for_the_one_under_way(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    manifest = local_manifest(voice=b"weights")
    store = ZooStore(tmp_path / "cache", manifest)

    with CacheLayout(tmp_path / "cache").exclusive():
        process = start_pulling(tmp_path / "cache", manifest)
        assert process.stderr is not None
        assert b"waiting for another process" in process.stderr.readline()
        assert not store.is_present("voice")

    process.communicate(timeout=LONGEST_S)
    assert store.is_present("voice")


def test_the_best_present_model_of_a_role_is_chosen(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(best=b"1", good=b"2", fair=b"3"))
    with pytest.raises(ModelUnavailableError, match="pull best`, or good or fair in its place"):
        store.choose("role_of_all")

    store.pull(["good", "fair"])
    assert store.choose("role_of_all") == "good"
    assert store.choose("role_of_all", preferred="fair") == "fair"

    store.pull(["best"])
    assert store.choose("role_of_all") == "best"


def test_a_preferred_model_that_is_absent_is_not_replaced_in_silence(
    tmp_path: Path, local_manifest: ManifestMaker
) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(best=b"1", good=b"2"))
    store.pull(["best"])

    with pytest.raises(ModelUnavailableError, match="pull good"):
        store.choose("role_of_all", preferred="good")
    with pytest.raises(UnknownModelError, match="best, good"):
        store.choose("role_of_all", preferred="other")


def test_a_file_that_the_entry_does_not_have_is_an_error(
    tmp_path: Path, local_manifest: ManifestMaker
) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))
    store.pull(["voice"])

    with pytest.raises(UnknownModelError, match=r"no file 'face\.bin'"):
        store.file("voice", "face.bin")


def test_nothing_is_pulled_for_an_unknown_name(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))

    with pytest.raises(UnknownModelError):
        store.pull(["voice", "vioce"])

    assert not store.is_present("voice")


def test_a_source_that_is_gone_is_an_error(
    tmp_path: Path, published: Path, local_manifest: ManifestMaker
) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))
    (published / "voice.bin").unlink()

    with pytest.raises(SourceUnavailableError) as caught:
        store.pull(["voice"])

    assert caught.value.code == "source_unavailable"


def test_a_complete_cache_is_not_written_to(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))
    store.pull(["voice"])
    (tmp_path / "cache" / "pull.lock").unlink()

    store.pull(["voice"])

    assert not (tmp_path / "cache" / "pull.lock").exists()


def test_a_cache_that_cannot_be_written_is_an_error(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    store = ZooStore(tmp_path / "cache", local_manifest(voice=b"weights"))

    with pytest.raises(CacheUnusableError, match="file exists") as caught:
        store.pull(["voice"])

    assert caught.value.code == "cache_unusable"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, local_manifest: ManifestMaker) -> None:
    """As PermissionError, which root never gets."""
    [entry] = local_manifest(voice=b"weights").models
    store = ZooStore(tmp_path / "cache", Manifest((msgspec.structs.replace(entry, importer="ge2e"),)))
    record = tmp_path / "cache" / "models" / "voice" / "import.json"
    record.mkdir(parents=True)
    (record.parent / "voice.bin").write_bytes(b"weights")
    for look in (
        partial(store.is_present, "voice"),
        partial(store.path, "voice"),
        partial(store.candidates, "role_of_all"),
        partial(store.pull, ["voice"]),
        store.verify,
        store.status,
    ):
        with pytest.raises(CacheUnusableError, match=f"^{record} cannot be read: is a directory$"):
            look()


@pytest.mark.weights
def test_every_pulled_model_is_whole(store: ZooStore) -> None:
    assert store.verify() == []
    assert store.choose("face_mesh") == "facemesh_attention"
    assert store.path("astronaut").name == "astronaut.png"


def test_a_file_in_the_caches_place_holds_no_model(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"")
    store = ZooStore(tmp_path / "cache")
    with pytest.raises(ModelUnavailableError):
        store.path("silero_vad")
    assert {status.present for status in store.status()} == {False}
