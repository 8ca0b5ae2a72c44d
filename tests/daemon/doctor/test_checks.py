import resource
from pathlib import Path

import pytest

from argusd.daemon.config import Config, resolve
from argusd.daemon.doctor import checks
from argusd.daemon.doctor.finding import Check
from argusd.daemon.doctor.report import ALL
from argusd.ingest.shm.memory import available_bytes


def config(tmp_path: Path, **more: str) -> Config:
    folders = {"ARGUSD_STATE_DIR": str(tmp_path / "state"), "ARGUSD_CACHE_DIR": str(tmp_path / "cache")}
    return resolve(folders | {f"ARGUSD_{name}": value for name, value in more.items()})


@pytest.mark.parametrize("check", ALL)
def test_every_check_reports_and_changes_nothing(check: Check, tmp_path: Path) -> None:
    finding = check(config(tmp_path))
    assert finding.subject
    assert finding.found
    assert (finding.verdict == "ok") == (finding.remedy == "")
    assert list(tmp_path.iterdir()) == []


def test_missing_models_are_named_with_the_command_that_gets_them(tmp_path: Path) -> None:
    finding = checks.check_models(config(tmp_path))
    assert finding.verdict == "warn"
    assert "centernet" in finding.found
    assert finding.remedy == "argusd models pull"


def test_a_cache_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    record = tmp_path / "cache" / "models" / "dfine_n" / "first_seen.json"
    record.mkdir(parents=True)  # as PermissionError, which root never gets
    finding = checks.check_models(config(tmp_path))
    assert (finding.verdict, finding.found) == ("fail", f"{record} cannot be read: is a directory")


def test_more_arenas_than_memory(tmp_path: Path) -> None:
    finding = checks.check_shared_memory(config(tmp_path, INGEST__ARENA_MIB=str(available_bytes() >> 20)))
    assert (finding.verdict, finding.remedy) == ("warn", "lower ingest.arena_mib or add memory")


def test_few_open_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 512))
    finding = checks.check_open_files(config(tmp_path))
    assert (finding.verdict, finding.found) == ("warn", "512 allowed")
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1 << 16))  # each process asks for more itself
    assert checks.check_open_files(config(tmp_path)).verdict == "ok"


@pytest.mark.parametrize(("wanted", "verdict"), [(1 << 12, "ok"), (1 << 30, "warn")])
def test_a_kernel_that_would_drop_keyframes(
    wanted: int, verdict: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "RECEIVE_BUFFER_BYTES", wanted)
    finding = checks.check_receive_buffer(config(tmp_path))
    assert finding.verdict == verdict
    assert ("net.core.rmem_max=1073741824" in finding.remedy) is (verdict == "warn")


def test_cuda_that_is_asked_for_and_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    assert checks.check_inference(config(tmp_path, SCHEDULER__DEVICE="cuda:0")).verdict == "fail"


def test_a_gpu_that_no_library_can_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "gpu_count", lambda: 1)
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    finding = checks.check_inference(config(tmp_path))
    assert finding.verdict == "warn"
    assert finding.found.endswith(" on cpu; the GPU is not used")


def test_the_engine_that_is_configured_is_the_one_that_must_have_cuda(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CUDAExecutionProvider"])
    asked_for = config(tmp_path, SCHEDULER__DEVICE="cuda:0", SCHEDULER__ENGINE="torch")
    finding = checks.check_inference(asked_for)
    assert (finding.verdict, finding.found) == ("fail", "cuda:0 needs PyTorch with CUDA")


def test_two_builds_exclude_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "installed", lambda _: True)
    finding = checks.check_inference(config(tmp_path))
    assert finding.verdict == "fail"
    assert "pip uninstall onnxruntime" in finding.remedy
