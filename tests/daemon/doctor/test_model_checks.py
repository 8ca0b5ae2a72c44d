from pathlib import Path

import pytest

from argusd.daemon.config import Config, resolve
from argusd.daemon.doctor import model_checks
from argusd.daemon.doctor.finding import Finding
from argusd.daemon.doctor.model_checks import check_roles
from argusd.scheduler.zoo.layout import CacheLayout
from argusd.scheduler.zoo.manifest import builtin_manifest


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def config(cache: Path, **more: str) -> Config:
    return resolve({"ARGUSD_CACHE_DIR": str(cache)} | more)


def put(cache: Path, name: str) -> None:
    """Files by the names of a model's, for a report that opens none."""
    entry, layout = builtin_manifest().entry(name), CacheLayout(cache)
    layout.folder(entry).mkdir(parents=True)
    for file in entry.files:
        layout.file(entry, file).touch()


def runs_on(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Every role has this model, imported by this version."""
    monkeypatch.setattr(model_checks, "candidates", lambda *_: [name])


def of(role: str, config: Config) -> Finding:
    return next(finding for finding in check_roles(config) if finding.subject == role)


def test_a_role_without_a_model_names_the_command_that_gets_one(cache: Path) -> None:
    finding = of("vad", config(cache))
    assert (finding.verdict, finding.found) == ("warn", "no model")
    assert "`argusd models pull silero_vad`" in finding.remedy


def test_a_role_whose_models_cannot_be_read_says_so_and_no_other(cache: Path) -> None:
    put(cache, "dfine_n")
    record = cache / "models" / "dfine_n" / "import.json"
    record.mkdir()  # as PermissionError, which root never gets
    put(cache, "silero_vad")
    closed = f"{record} cannot be read: is a directory"
    assert of("object_detector", config(cache)) == Finding("warn", "object_detector", "no model", closed)
    assert of("vad", config(cache)) == Finding("ok", "vad", "silero_vad")


def test_a_role_on_its_best_model_is_named_with_it(cache: Path) -> None:
    put(cache, "silero_vad")
    assert of("vad", config(cache)) == Finding("ok", "vad", "silero_vad")


def test_a_better_model_is_offered_with_its_licence(cache: Path) -> None:
    put(cache, "easyocr_en")
    offered = "ppocr_v6 (Apache-2.0), easyocr_en_hi (Apache-2.0)"
    better = f"easyocr_en; better: {offered}: argusd models pull ppocr_v6"
    assert of("ocr", config(cache)) == Finding("ok", "ocr", better)


def test_of_better_models_those_that_are_free_for_every_use_come_first(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs_on(monkeypatch, "centernet")
    offered = "dfine_n (Apache-2.0), dfine_s (Apache-2.0), yolov8n (AGPL-3.0)"
    better = f"centernet; better: {offered}: argusd models pull dfine_n"
    assert of("object_detector", config(cache)) == Finding("ok", "object_detector", better)


def test_a_model_whose_licence_forbids_something_is_named_with_one_that_does_not(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs_on(monkeypatch, "yolov8n")
    found = "yolov8n (AGPL-3.0); free for every use: dfine_n (Apache-2.0): argusd models pull dfine_n"
    assert of("object_detector", config(cache)) == Finding("ok", "object_detector", found)


def test_a_configured_model_is_nobodys_business(cache: Path) -> None:
    put(cache, "easyocr_en")
    configured = config(cache, ARGUSD_SCHEDULER__MODELS='{ocr = "easyocr_en"}')
    assert of("ocr", configured) == Finding("ok", "ocr", "easyocr_en, as configured")


def test_a_role_that_tasks_can_do_without_is_no_fault(cache: Path) -> None:
    finding = of("diarizer", config(cache))
    assert finding.verdict == "ok"
    assert finding.found.startswith("no model, done without; better: pyannote_community_1")
