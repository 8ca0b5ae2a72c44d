import json
import pkgutil
import socket
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from pathlib import Path

import pytest

from argusd import benchmarks
from argusd.daemon.cli import COMMANDS, main
from argusd.daemon.commands import models
from argusd.daemon.commands.bench import BENCHMARKS
from argusd.scheduler.zoo.manifest import (
    UNPUBLISHED,
    Manifest,
    ModelEntry,
    ModelFile,
    PathSource,
    builtin_manifest,
)
from argusd.scheduler.zoo.store import ZooStore


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the user's state or cache."""
    monkeypatch.setenv("ARGUSD_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("ARGUSD_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"usage: argusd {command}" in capsys.readouterr().out


@pytest.mark.parametrize("argv", [["--config", "FILE", "list"], ["list", "--config", "FILE"]])
def test_models_take_the_configuration_before_the_action_and_behind_it(
    argv: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "argusd.toml"
    file.write_text("ingest_workers = -1")
    assert main(["models", *(str(file) if word == "FILE" else word for word in argv)]) == 2
    assert "ingest_workers" in capsys.readouterr().err


def test_without_a_command_all_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out.split()
    assert set(COMMANDS) <= set(shown)


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"argusd {version('argusd')}\n"


@pytest.mark.parametrize(
    ("argv", "code", "sentence"),
    [
        (["serve", "--port", "99999"], 2, "--port: must be a whole number from 1 to 65535, not '99999'"),
        (["events", "--url", "localhost:8015"], 2, "did you mean http://localhost:8015? (see argusd events"),
        (["publish", "--synthetic"], 2, "the following arguments are required: --session"),
        (["models"], 2, "the following arguments are required: ACTION (see argusd models --help)"),
        (["serve", "--config", "/nowhere.toml"], 2, "cannot read the configuration /nowhere.toml"),
        (["ingest", "--index", "99"], 2, "there is no ingest worker 99"),
        (["scheduler", "--index", "1"], 2, "there is no live scheduler 1; 1 are configured"),
        (["scheduler", "--tier", "bulk", "--index", "1"], 2, "there is no bulk scheduler 1"),
        (["publish", "--session", "s"], 2, "name a media file, or sample, or give --synthetic"),
        (["publish", "sample", "--synthetic", "--session", "s"], 2, "or give --synthetic"),
        (["publish", "/nowhere.mp4", "--session", "s"], 2, "SOURCE: must be a file that is there"),
        (["publish", __file__, "--session", "s"], 2, f"cannot open {__file__}: Invalid data"),
        (["publish", "http://127.0.0.1:1/film", "--session", "s"], 1, "cannot open http://127.0.0.1:1/film"),
        (["events", "--url", "http://127.0.0.1:1"], 1, "no daemon answers at http://127.0.0.1:1"),
        (["models", "pull", "nonesuch"], 2, "the manifest has no model 'nonesuch'"),
        (["models", "pull", ""], 2, "the manifest has no model ''"),
        (["bench", "nonesuch"], 2, "there is no benchmark 'nonesuch'"),
        (["models", "pull", "facenett"], 2, "has no model 'facenett'; did you mean facenet"),
        (["models", "pull", "standart"], 2, "did you mean standard?"),
        (["bench", "ingset"], 2, "there is no benchmark 'ingset'; did you mean ingest?"),
        (["bench", "admission", "--mixes", "fase"], 2, "there is no mix 'fase'; did you mean face?"),
        (["bench", "tasks", "--rivals", "mosek"], 2, "there is no rival 'mosek'; did you mean mosec?"),
        (["bench", "tasks", "--tasks", "doc_ocr"], 2, "there is no task 'doc_ocr'. There are face_embed"),
        (["bench", "live", "--rivals", "nobody"], 2, "there is no rival 'nobody'"),
        (["bench", "harness"], 2, "there is no benchmark 'harness'"),
        (["bench", "ring", "--hours", "1"], 2, "--hours is for soak alone"),
        (["bench", "ring", "main"], 2, "ring takes no further words, such as 'main'"),
        (["bench", "ab", "main", "ring"], 2, "ab takes two commits and one of ingest, loss, ring"),
        (["bench", "report", "nowhere.json"], 2, "report takes the JSON files of results, and --html FILE"),
        (["events", "--after", "1\n2"], 2, "--after: must be the id of an event"),
        (["events", "--url", "http://[.]:80"], 2, "a daemon's address is http://host:port"),
        (["hosts", "--url", "http://[::::]"], 2, "a daemon's address is http://host:port"),
        (["drain", "--url", "http://a..b:1"], 2, "a daemon's address is http://host:port"),
        (["token", "--session", "s", "--url", f"http://{'a' * 64}:1"], 2, "a daemon's address is"),
        (["token", "--session", "s", "--url", "http://127.0.0.1:1"], 1, "no daemon answers at http://127"),
        (["replay", "/tmp"], 2, "FILE: must be a file that is there"),
        (["replay", __file__, "--against", "/tmp"], 2, "--against: must be a file that is there"),
        (["replay", __file__, "--models", "vd=x"], 2, "has no role vd; did you mean vad?"),
        (
            ["replay", __file__, "--models", "ocr=ppocr_v6"],
            2,
            "sessions are not looked at with ocr, but with ",
        ),
        (["record", "s", "--into", __file__], 2, "--into: must be a new file, not"),
        (["record", "s", "--into", "/nowhere/a.mkv"], 2, "--into: must be a file that can be written"),
        (
            ["token", "--session", "s", "--scopes", ","],
            2,
            "--scopes: must be one or more of publish, watch, ",
        ),
        (["kubernetes", "--gpu", "99999"], 2, "--gpu: must be a whole number from 1 to 64"),
        (["pubish"], 2, "there is no command 'pubish'; did you mean publish?"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    argv: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("argusd: ")
    assert sentence in line


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_a_taken_port_is_named(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main([command, "--port", str(port)]) == 1
    assert f"cannot listen on 127.0.0.1:{port} (address already in use)" in capsys.readouterr().err


def test_models_are_listed_before_any_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    columns = ["NAME", "ROLE", "PACKS", "MB", "MS", "ACCURACY", "HASHES", "LICENCE", "ABOUT"]
    assert heading.split() == columns
    assert rows
    assert all(row.startswith("·") for row in rows)


def test_programs_get_a_model_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list", "--json"]) == 0
    models = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["name"] for each in models] == [entry.name for entry in builtin_manifest().models]
    assert not any(each["present"] for each in models)


def test_an_empty_cache_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify"]) == 0
    assert capsys.readouterr().out == "all files are whole\n"


def test_each_model_that_cannot_be_had_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "b").write_bytes(b"weights")
    files = {name: ModelFile(name, UNPUBLISHED, (PathSource(str(tmp_path / name)),)) for name in "abc"}
    entries = [ModelEntry(name, "a model", "MIT", (file,), packs=("p",)) for name, file in files.items()]
    store = ZooStore(tmp_path / "cache", Manifest(tuple(entries)))
    monkeypatch.setattr(models, "ZooStore", lambda *_, **__: store)

    assert main(["models", "pull", "p"]) == 1

    failures = [line for line in capsys.readouterr().err.splitlines() if line.startswith("without")]
    assert failures == [
        f"without {name}: {tmp_path / name}: No such file or directory" for name in ("a", "c")
    ]
    assert store.is_present("b")
    assert main(["models", "verify"]) == 0
    assert "b: b: no published hash; first seen with SHA-256 " in capsys.readouterr().out


def test_where_no_hub_can_be_reached_every_model_of_record_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All HTTPS goes to a port where nobody listens; it stands for a host without a way out."""
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")

    assert main(["models", "pull", "pyannote_3_1", "easyocr_en_hi"]) == 1

    failures = [line for line in capsys.readouterr().err.splitlines() if line.startswith("without")]
    assert failures == [
        "without wespeaker: huggingface.co: Connection refused",
        "without pyannote_3_1: huggingface.co: Connection refused",
        "without easyocr_en_hi: github.com: Connection refused",
    ]


def test_every_benchmark_can_be_asked_for() -> None:
    """The list that is shown is that of the modules that can be run."""
    names = [info.name for info in pkgutil.iter_modules(benchmarks.__path__)]
    mains = {name: getattr(import_module(f"argusd.benchmarks.{name}"), "main", None) for name in names}
    measuring = {name for name, main in mains.items() if main and "quick" in signature(main).parameters}
    assert set(BENCHMARKS) == measuring
