"""The commands of docs/replay.md, on a film of a man whose eyes go aside from 5.6 s to 10.35 s."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest

from argusd.daemon.cli import main
from argusd.daemon.recordings.findings import Finding, read

from ....media import published

GUIDE = (Path(__file__).parents[4] / "docs" / "replay.md").read_text()

Run = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a line of the guide, and gives what it prints."""

    def ran(line: str) -> str:
        command, _, target = line.partition(" > ")
        words = shlex.split(command)
        if words[0] == "echo":
            printed = words[1]
        else:
            assert main(words[1:]) == 0, capsys.readouterr().err
            printed = capsys.readouterr().out
        if target:
            (folder / target).write_text(printed)
        return printed

    return ran


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_guides_commands_find_the_same_each_time_and_what_a_policy_changes(
    run: Run, folder: Path
) -> None:
    (folder / "interview.mkv").symlink_to(published() / "eyes_aside.mp4")
    lines = re.findall(
        r"^(?:argusd replay interview|echo ).*",
        "\n".join(re.findall(r"```\n(.*?)```", GUIDE, re.DOTALL)),
        re.M,
    )
    printed = {line: run(line) for line in lines}
    before: list[Finding] = read((folder / "before.jsonl").read_bytes())
    (aside,) = [each for each in before if each.name == "gaze_away"]
    assert 5.0 < aside.started_s < aside.told_s < 7.0 < aside.ended_s
    assert "gaze_away" in printed["argusd replay interview.mkv"]
    changed = printed["argusd replay interview.mkv --policy calmer.json --against before.jsonl"]
    assert changed == printed["argusd replay interview.mkv --policy defaults.json --policy calmer.json"]
    assert re.search(r"^[-~] face gaze_away", changed, re.M)
    again = printed["argusd replay interview.mkv --models vad=silero_vad --against before.jsonl"]
    assert again == f"{len(before)} the same, 0 different\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["--policy", "no_policy.json"],
            "The field gaze of the policy is not known; did you mean gaze_away? ",
        ),
        (["--policy", "latin_1.json"], "latin_1.json is not JSON: "),
        (["--against", "no_policy.json"], "these are no findings"),
        (["--models", "silero"], "must be ROLE=NAME, such as vad=silero_vad, not 'silero'"),
        (["--policy", "empty.json", "--policy", "empty.json", "--against", "empty.json"], "compares two"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_is_played(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    (folder / "no_policy.json").write_text('{"gaze": 1}')
    (folder / "latin_1.json").write_bytes(b'{"caf\xe9": 1}')
    (folder / "empty.json").touch()
    assert main(["replay", "no_policy.json", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.weights
def test_a_model_that_does_not_serve_is_told_once(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "text.json").write_text("{}")
    assert main(["replay", "text.json", "--models", "vad=nonesuch"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "nonesuch does not fill vad: 'nonesuch' is not a model for the role 'vad'" in line


@pytest.mark.weights
def test_a_file_that_is_no_film_is_refused_in_words(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "text.json").write_text("{}")
    assert main(["replay", "text.json"]) == 2
    assert "text.json cannot be decoded: " in capsys.readouterr().err
