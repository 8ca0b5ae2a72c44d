"""What the doctor prints, for people and for programs."""

import json
from pathlib import Path

import pytest

from argusd.daemon.cli import main
from argusd.daemon.commands.doctor import render
from argusd.daemon.doctor.finding import Finding

FINDING = Finding("warn", "open files", "256 allowed", "ulimit -Hn 4096, or LimitNOFILE=4096 in the unit")


def test_a_finding_and_its_remedy() -> None:
    assert render(FINDING, colour=False).splitlines() == [
        "! open files       256 allowed",
        "                   → ulimit -Hn 4096, or LimitNOFILE=4096 in the unit",
    ]


def test_lines_end_at_the_windows_edge_and_go_on_under_their_beginning() -> None:
    assert render(FINDING, colour=False, width=45).splitlines() == [
        "! open files       256 allowed",
        "                   → ulimit -Hn 4096, or",
        "                     LimitNOFILE=4096 in the",
        "                     unit",
    ]


def test_programs_get_an_object_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARGUSD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("ARGUSD_CACHE_DIR", str(tmp_path / "cache"))
    assert main(["doctor", "--json"]) == 0
    findings = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"python", "models", "redis", "media ports", "ocr"} <= {each["subject"] for each in findings}
    assert all(set(each) == {"verdict", "subject", "found", "remedy"} for each in findings)
