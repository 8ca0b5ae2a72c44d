"""Plays a file to the daemon's own scheduler, analyzers and models on a virtual clock."""

from collections.abc import Collection, Sequence
from pathlib import Path

import av
import msgspec

from argusd.benchmarks.accuracy.replays import play
from argusd.benchmarks.rigs.virtual import Models, Told, cpu_roles
from argusd.interviewer_bridge.errors import SourceUnreadable
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.policy import Policy
from argusd.scheduler.contract.wording.misfit import explain
from argusd.scheduler.contract.wording.undecodable import UNDECODABLE
from argusd.scheduler.loaded.roles import FilledRole, missing

from ..errors import UsageInvalid
from .errors import NothingToPlay
from .findings import Finding, findings_of, read


def filled_roles(config: SchedulerConfig, chosen: Collection[str]) -> Sequence[FilledRole]:
    """What this configuration's live scheduler looks with. A model of each ``chosen`` role must run.

    Raises:
        UsageInvalid: a role that was chosen is none of those that look at sessions.
        NothingToPlay: one that was chosen does not run here.
    """
    roles = cpu_roles(config)
    known, lacking = [each.status.role for each in roles], missing(roles)
    for role in chosen:
        if role not in known:
            raise UsageInvalid(f"sessions are not looked at with {role}, but with {', '.join(known)}")
        if role in lacking:
            raise NothingToPlay(f"{config.models[role]} does not fill {role}: {lacking[role]}")
    return roles


async def replayed(models: Models, file: Path, policy: Policy) -> list[Finding]:
    """What a session with this policy finds in a file, however long it takes.

    Raises:
        NothingToPlay: it cannot be opened, or there is nothing in it to be looked at.
    """
    told: list[Told] = []
    try:
        seconds = play(models, file, policy, told.append)
    except SourceUnreadable as error:
        raise NothingToPlay(str(error)) from error
    except av.FFmpegError as error:
        raise NothingToPlay(f"{file} cannot be decoded: {error.strerror}") from error
    if not seconds:
        raise NothingToPlay(f"{file} has neither pictures nor sound")
    return findings_of(told, seconds)


def policy_in(file: Path) -> Policy:
    """The policy that a JSON file holds, as ``PUT /sessions/{id}`` takes it under ``policy``.

    Raises:
        UsageInvalid: it holds something else, or cannot be read.
    """
    try:
        written = msgspec.json.decode(content_of(file))
        return msgspec.convert(written, Policy)
    except msgspec.ValidationError as error:
        misfit = explain(error, Policy, written, whole="the policy")
        raise UsageInvalid(f"{file} holds no policy: {misfit}") from error
    except UNDECODABLE as error:
        raise UsageInvalid(f"{file} is not JSON: {error}") from error


def findings_in(file: Path) -> list[Finding]:
    """What an earlier replay found, as ``--json`` printed it.

    Raises:
        UsageInvalid: the file holds something else, or cannot be read.
    """
    return read(content_of(file))


def content_of(file: Path) -> bytes:
    """All of a file.

    Raises:
        UsageInvalid: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageInvalid(f"cannot read {file}: {error.strerror}") from error
