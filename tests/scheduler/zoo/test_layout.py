import threading
from pathlib import Path

from argusd.scheduler.zoo.layout import CacheLayout, file_sha256, place
from argusd.scheduler.zoo.manifest import builtin_manifest

from ...waiting import LONGEST_S


def test_models_and_assets_lie_apart() -> None:
    layout = CacheLayout(Path("/cache"))
    mesh, astronaut = builtin_manifest().entry("facemesh_attention"), builtin_manifest().entry("astronaut")

    assert layout.imported(mesh) == Path("/cache/models/facemesh_attention/facemesh_attention.onnx")
    assert layout.record(mesh) == Path("/cache/models/facemesh_attention/import.json")
    assert layout.file(astronaut, astronaut.files[0]) == Path("/cache/assets/astronaut/astronaut.png")


def test_the_hash_is_sha256_in_hexadecimal(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")

    # The example of FIPS 180-2.
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert file_sha256(tmp_path / "file") == expected


def test_placing_replaces_the_file_that_was_there(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"new")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"old")

    place(tmp_path / "new", tmp_path / "folder" / "file")

    assert (tmp_path / "folder" / "file").read_bytes() == b"new"
    assert not (tmp_path / "new").exists()


def test_the_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    layout = CacheLayout(tmp_path)
    order: list[str] = []
    begun = threading.Event()

    def second() -> None:
        begun.set()
        with layout.exclusive():
            order.append("second")

    thread = threading.Thread(target=second)
    with layout.exclusive():
        thread.start()
        begun.wait(LONGEST_S)
        order.append("first")
    thread.join(LONGEST_S)

    assert order == ["first", "second"]
