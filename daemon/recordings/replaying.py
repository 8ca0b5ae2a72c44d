"""Plays a file to the daemon's own scheduler, analyzers and models on a virtual clock."""

from collections.abc import Mapping
from pathlib import Path

import av
import msgspec

from argusd.benchmarks.accuracy.replays import play
from argusd.benchmarks.rigs.virtual import Models, Told, cpu_roles
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.loaded.roles import batched, missing

from ..errors import ConfigInvalid
from .errors import NothingToPlay
from .findings import Finding, findings_of


def models_for(config: SchedulerConfig, chosen: Mapping[str, str]) -> Models:
    """What this configuration's live scheduler looks with, by role; ``chosen`` ones in place of its own.

    Raises:
        NothingToPlay: one that is chosen does not run here.
    """
    roles = cpu_roles(msgspec.structs.replace(config, models={**config.models, **chosen}))
    lacking = missing(roles)
    for role in chosen:
        if role in lacking:
            raise NothingToPlay(f"{chosen[role]} does not fill {role}: {lacking[role]}")
    return batched(roles)


async def replayed(models: Models, file: Path, policy: Policy) -> list[Finding]:
    """What a session with this policy finds in a file, however long it takes.

    Raises:
        NothingToPlay: there is nothing in the file to be looked at.
        SourceUnreadable: it cannot be opened.
    """
    told: list[Told] = []
    try:
        seconds = play(models, file, policy, told.append)
    except av.FFmpegError as error:
        raise NothingToPlay(f"{file} cannot be decoded: {error.strerror}") from error
    if not seconds:
        raise NothingToPlay(f"{file} has neither pictures nor sound")
    return findings_of(told, seconds)


def policy_in(file: Path) -> Policy:
    """The policy that a JSON file holds, as ``PUT /sessions/{id}`` takes it under ``policy``.

    Raises:
        ConfigInvalid: it holds something else, or cannot be read.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=Policy)
    except OSError as error:
        raise ConfigInvalid(f"cannot read {file}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ConfigInvalid(f"{file} holds no policy: {error}") from error
