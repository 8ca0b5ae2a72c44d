"""What a real shell makes of the completion that is printed for it."""

import subprocess

import pytest
import shtab

from argusd.daemon.cli import COMMANDS, main


@pytest.fixture
def script(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["completion", "bash"]) == 0
    return capsys.readouterr().out


def completed(script: str, *words: str) -> set[str]:
    """What bash offers for the last of these words."""
    line = " ".join(words)
    asked = (
        f"{script}\nCOMP_WORDS=({line}) COMP_CWORD={len(words) - 1}\n"
        '_shtab_argusd argusd; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return set(subprocess.check_output(["bash", "-c", asked], text=True).split())


def test_every_command_is_offered(script: str) -> None:
    assert set(COMMANDS) <= completed(script, "argusd", "''")
    assert completed(script, "argusd", "mod") == {"models"}


def test_options_and_actions_are_offered(script: str) -> None:
    assert completed(script, "argusd", "drain", "--drain") == {"--drain-s"}
    assert completed(script, "argusd", "models", "p") == {"pull"}
    assert completed(script, "argusd", "completion", "ba") == {"bash"}


def test_there_is_one_for_each_shell(capsys: pytest.CaptureFixture[str]) -> None:
    for shell in shtab.SUPPORTED_SHELLS:
        assert main(["completion", shell]) == 0
        assert "argusd" in capsys.readouterr().out
