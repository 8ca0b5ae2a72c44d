import re
from pathlib import Path

import pytest

from argusd.scheduler.zoo.errors import ManifestError, UnknownModelError
from argusd.scheduler.zoo.manifest import (
    HuggingFaceSource,
    Manifest,
    Measured,
    NpmSource,
    PathSource,
    UrlSource,
    WheelSource,
    builtin_manifest,
    manifest_with,
    parse_manifest,
)

SHA256 = "0" * 64
COMMIT = "1" * 40
ENTRY = f"""
[[models]]
name = "small"
about = "a small model"
licence = "MIT"

[[models.files]]
name = "small.onnx"
sha256 = "{SHA256}"
sources = [{{ kind = "path", path = "/models/small.onnx" }}]
"""


def test_an_entry_needs_only_a_name_a_licence_and_its_files() -> None:
    entry = parse_manifest(ENTRY).entry("small")

    assert entry.files[0].sources == (PathSource("/models/small.onnx"),)
    assert (entry.kind, entry.role, entry.packs, entry.importer, entry.outputs) == (
        "model",
        None,
        (),
        "copy",
        (),
    )


@pytest.mark.parametrize(
    ("table", "source"),
    [
        ('{ kind = "wheel", package = "p", version = "1", member = "m" }', WheelSource("p", "1", "m")),
        ('{ kind = "npm", package = "@o/p", version = "1", member = "m" }', NpmSource("@o/p", "1", "m")),
        ('{ kind = "url", url = "https://host/file" }', UrlSource("https://host/file")),
        ('{ kind = "url", url = "https://host/a.zip", member = "m" }', UrlSource("https://host/a.zip", "m")),
        (
            f'{{ kind = "huggingface", repo = "o/r", revision = "{COMMIT}", file = "a/b.bin" }}',
            HuggingFaceSource("o/r", COMMIT, "a/b.bin"),
        ),
    ],
)
def test_a_file_names_its_sources(table: str, source: object) -> None:
    text = ENTRY.replace('{ kind = "path", path = "/models/small.onnx" }', table)

    assert parse_manifest(text).entry("small").files[0].sources == (source,)


@pytest.mark.parametrize(
    ("good", "bad", "reason"),
    [
        (
            'licence = "MIT"',
            'license = "MIT"',
            "models[0].license is not known; did you mean licence? Known are name, ",
        ),
        (
            'kind = "path"',
            'kind = "ftp"',
            "models[0].files[0].sources[0].kind must be one of huggingface, npm, path, url, wheel",
        ),
        ('name = "small"', 'name = "../small"', "models[0].name must be small letters, digits and _"),
        ('name = "small.onnx"', 'name = "../../small.onnx"', "models[0].files[0].name must be a file's name"),
        (SHA256, "1234", "models[0].files[0].sha256 must be 64 hexadecimal digits, or unpublished"),
        (SHA256, "", "64 hexadecimal digits"),
        (
            'kind = "path", path = "/models/small.onnx"',
            'kind = "huggingface", repo = "o/r", revision = "main", file = "f"',
            "sources[0].revision must be a commit: 40 hexadecimal digits",  # a branch moves
        ),
        (
            'kind = "path", path = "/models',
            'kind = "path", path = "models',
            "path must be a path that begins with /",
        ),
        ('kind = "path", path', 'kind = "url", url', "url must be an https:// address"),
        (
            '[{ kind = "path", path = "/models/small.onnx" }]',
            "[]",
            "models[0].files[0].sources must be an array of at least 1 items",
        ),
        ("[[models.files]]", "[[models.files]", "line 7"),
    ],
)
def test_a_manifest_that_is_not_valid_is_refused(good: str, bad: str, reason: str) -> None:
    assert good in ENTRY

    with pytest.raises(ManifestError, match=re.escape(reason)):
        parse_manifest(ENTRY.replace(good, bad))


def test_an_entry_may_say_how_right_its_model_was_and_on_what() -> None:
    figure = 'accuracy = [{ metric = "clip.phone_recall", value = 0.8, on = "40 clips" }]'

    entry = parse_manifest(ENTRY.replace('licence = "MIT"', f'licence = "MIT"\n{figure}')).entry("small")

    assert entry.accuracy == (Measured("clip.phone_recall", 0.8, "40 clips"),)
    assert parse_manifest(ENTRY).entry("small").accuracy == ()


@pytest.mark.parametrize("figure", ['value = 0.8, on = "40 clips"', 'metric = "m", value = 0.8, on = ""'])
def test_a_figure_without_a_name_or_what_it_was_measured_on_is_refused(figure: str) -> None:
    with pytest.raises(ManifestError):
        parse_manifest(ENTRY.replace('licence = "MIT"', f'licence = "MIT"\naccuracy = [{{ {figure} }}]'))


def test_two_models_cannot_share_a_name() -> None:
    with pytest.raises(ManifestError, match="names a model twice: small"):
        parse_manifest(ENTRY + ENTRY.replace("/models/small.onnx", "/models/other.onnx"))


def test_two_files_cannot_share_a_source() -> None:
    with pytest.raises(ManifestError, match="names a source twice"):
        parse_manifest(ENTRY + ENTRY.replace('"small"', '"other"'))


def test_a_file_may_be_marked_as_one_whose_publisher_names_no_hash() -> None:
    text = ENTRY.replace(SHA256, "unpublished")

    assert parse_manifest(text).entry("small").files[0].sha256 == "unpublished"


def test_models_are_selected_by_name_and_by_pack_in_manifest_order() -> None:
    manifest = builtin_manifest()

    names = [entry.name for entry in manifest.select(["sample", "silero_vad", "blazeface", "silero_vad"])]

    assert names == ["blazeface", "silero_vad", "astronaut", "two_speakers"]


def test_what_an_entry_needs_comes_with_it() -> None:
    manifest = builtin_manifest()

    assert [entry.name for entry in manifest.select(["pyannote_3_1"])] == ["wespeaker", "pyannote_3_1"]


@pytest.mark.parametrize("needed", ["other", "small"])
def test_an_entry_cannot_need_what_is_not_there_or_needs_more_itself(needed: str) -> None:
    with pytest.raises(ManifestError, match=needed):
        parse_manifest(ENTRY.replace('licence = "MIT"', f'licence = "MIT"\nneeds = ["{needed}"]'))


@pytest.mark.parametrize("name", ["yolo", "", "live "])
def test_a_name_that_is_no_model_and_no_pack_is_an_error(name: str) -> None:
    with pytest.raises(UnknownModelError):
        builtin_manifest().select([name])


def test_the_live_pack_fills_every_role_of_a_live_session() -> None:
    roles = {entry.role for entry in builtin_manifest().select(["live"])}

    assert roles == {
        "face_detector",
        "face_mesh",
        "face_embedder",
        "object_detector",
        "speaker_embedder",
        "vad",
    }


def test_every_model_says_its_licence() -> None:
    licences = {entry.licence for entry in builtin_manifest().models}

    assert licences == {
        "AGPL-3.0",
        "Apache-2.0",
        "CC-BY-4.0",
        "MIT",
        "Non-commercial (trained on LRS2)",
        "Non-commercial research only (InsightFace)",
        "Public domain (NASA)",
    }


def test_among_the_models_of_a_role_those_of_record_stand_first() -> None:
    manifest = builtin_manifest()

    best = [manifest.of_role(role)[0].name for role in ("face_detector", "face_embedder", "object_detector")]

    assert best == ["scrfd_10g", "arcface_r50", "yolov8n"]


def test_a_role_without_models_is_an_error() -> None:
    with pytest.raises(UnknownModelError, match="'lip_reader'"):
        Manifest(()).of_role("lip_reader")


def own(folder: Path, text: str) -> Path:
    """A site's file."""
    file = folder / "models.toml"
    file.write_text(text)
    return file


def test_a_sites_own_models_stand_before_those_that_are_shipped(tmp_path: Path) -> None:
    text = ENTRY.replace('licence = "MIT"', 'licence = "MIT"\nrole = "vad"\nadapter = "silero_vad"')
    manifest = manifest_with(own(tmp_path, text))
    assert [(entry.name, entry.run_by) for entry in manifest.of_role("vad")] == [
        ("small", "silero_vad"),
        ("silero_vad", "silero_vad"),
    ]
    assert manifest_with(None) == builtin_manifest()


@pytest.mark.parametrize(
    ("added", "complaint"),
    [
        ("", "small needs a role, which is one of diarizer, face_detector, "),
        ('role = "ears"', "small needs a role, which is one of "),
        (
            'role = "vad"\nadapter = "scrfd_10g"',
            "adapter of the model small is that of a model of its role",
        ),
        ('role = "vad"\nadaptor = "silero_vad"', "adaptor"),
    ],
)
def test_an_entry_that_nothing_here_can_run_is_refused_with_its_file(
    tmp_path: Path, added: str, complaint: str
) -> None:
    file = own(tmp_path, ENTRY.replace('licence = "MIT"', f'licence = "MIT"\n{added}'))
    with pytest.raises(ManifestError, match=re.escape(complaint)) as refused:
        manifest_with(file)
    assert str(refused.value).startswith(f"{file}: ")


def test_a_sites_model_has_a_name_of_its_own(tmp_path: Path) -> None:
    text = ENTRY.replace('"small"', '"silero_vad"').replace(
        'licence = "MIT"', 'licence = "MIT"\nrole = "vad"'
    )
    with pytest.raises(ManifestError, match="names a model twice: silero_vad"):
        manifest_with(own(tmp_path, text))


@pytest.mark.parametrize("content", [b"\xff", None])
def test_a_sites_file_that_cannot_be_read_is_told(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "models.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ManifestError, match=r"models.toml cannot be read"):
        manifest_with(file)
