from pathlib import Path

import pytest

from argusd.daemon.config import Config, resolve
from argusd.daemon.doctor.checks import Finding
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


def of(role: str, config: Config) -> Finding:
    return next(finding for finding in check_roles(config) if finding.subject == role)


def test_a_role_without_a_model_names_the_command_that_gets_one(cache: Path) -> None:
    finding = of("vad", config(cache))
    assert (finding.verdict, finding.found) == ("warn", "no model")
    assert "`argusd models pull silero_vad`" in finding.remedy


def test_a_role_on_its_best_model_is_named_with_it(cache: Path) -> None:
    put(cache, "silero_vad")
    assert of("vad", config(cache)) == Finding("ok", "vad", "silero_vad")


def test_a_better_model_is_offered_with_its_licence(cache: Path) -> None:
    put(cache, "easyocr_en")
    better = "easyocr_en; better: easyocr_en_hi (Apache-2.0): argusd models pull easyocr_en_hi"
    assert of("ocr", config(cache)) == Finding("ok", "ocr", better)


def test_a_configured_model_is_nobodys_business(cache: Path) -> None:
    put(cache, "easyocr_en")
    configured = config(cache, ARGUSD_SCHEDULER__MODELS='{ocr = "easyocr_en"}')
    assert of("ocr", configured) == Finding("ok", "ocr", "easyocr_en, as configured")


def test_a_role_that_tasks_can_do_without_is_no_fault(cache: Path) -> None:
    finding = of("diarizer", config(cache))
    assert finding.verdict == "ok"
    assert finding.found.startswith("no model, done without; better: pyannote_community_1")
