from pathlib import Path

import pytest

from argusd.scheduler.zoo import clients
from argusd.scheduler.zoo.clients import run_client
from argusd.scheduler.zoo.errors import SourceUnavailableError


def ignore(size: int) -> None:
    """Nobody watches the progress."""


def test_a_client_works_in_the_workspace_and_keeps_its_scratch_there(tmp_path: Path) -> None:
    run_client(["sh", "-c", 'echo "$TMPDIR" > where'], "p", tmp_path, ignore)

    assert (tmp_path / "where").read_text() == f"{tmp_path}\n"


def test_a_client_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="p: the program 'no-such-client' is not installed"):
        run_client(["no-such-client", "pack"], "p", tmp_path, ignore)


@pytest.mark.parametrize(
    ("script", "reason"),
    [("echo first; echo 'code E404' >&2; echo; exit 1", "code E404"), ("exit 3", "exit status 3")],
)
def test_the_last_words_of_a_client_that_fails_are_passed_on(
    tmp_path: Path, script: str, reason: str
) -> None:
    with pytest.raises(SourceUnavailableError, match=f"^p: {reason}$"):
        run_client(["sh", "-c", script], "p", tmp_path, ignore)


def test_a_client_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_TIMEOUT_S", 0.2)
    monkeypatch.setattr(clients, "_REPORT_INTERVAL_S", 0.05)

    with pytest.raises(SourceUnavailableError, match="no answer"):
        run_client(["sleep", "600"], "p", tmp_path, ignore)


def test_what_arrives_is_reported_while_the_client_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "_REPORT_INTERVAL_S", 0.05)
    reports: list[int] = []

    def arrived(size: int) -> None:
        reports.append(size)
        if size >= 1000:
            (tmp_path / "seen").touch()

    # The client ends once it knows that its thousand bytes were seen.
    script = "head -c 1000 /dev/zero > data; until [ -e seen ]; do sleep 0.02; done"
    run_client(["sh", "-c", script], "p", tmp_path, arrived)

    assert reports[-1] == 1000
