"""``argusd reload`` as a running api sees it."""

from pathlib import Path

import pytest

from argusd.daemon.commands import reload as command
from argusd.daemon.errors import ReloadFailed
from argusd.daemon.options import Endpoint
from argusd.daemon.supervision.running import take_refusal, tell_refusal
from argusd.scheduler.contract.messages import Stopped

from ...api.fakes import FakeScheduler
from ...api.fixtures import running_rig


async def test_it_ends_when_each_scheduler_is_another_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_rig(tmp_path) as rig:

        def take_over() -> None:
            earlier, rig.scheduler = rig.scheduler, FakeScheduler(tmp_path / "scheduler-0.sock", "boot-2")
            earlier.say(Stopped("boot-1", last_number=0))
            earlier.die()

        await command.reload(Endpoint(rig.api.url, None), take_over)
    assert capsys.readouterr().out == "reloading scheduler-0 …\nscheduler-0 has reloaded\n"


async def test_what_the_daemon_refuses_is_told_at_once(tmp_path: Path) -> None:
    async with running_rig(tmp_path) as rig:
        with pytest.raises(ReloadFailed, match=r"not reloaded: models\.toml is not TOML"):
            await command.reload(
                Endpoint(rig.api.url, None),
                lambda: tell_refusal(tmp_path, "models.toml is not TOML"),
                lambda: take_refusal(tmp_path),
            )


async def test_a_scheduler_that_stays_the_same_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "RELOADED_WITHIN_S", 0.0)
    async with running_rig(tmp_path) as rig:
        with pytest.raises(ReloadFailed, match="scheduler-0 did not reload"):
            await command.reload(Endpoint(rig.api.url, None), lambda: None)
