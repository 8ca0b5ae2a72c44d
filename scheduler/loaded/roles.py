"""Fills each role with the best model that runs here.

A role that cannot be filled is reported with the reason; the others work without it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from ..calibrations import know
from ..config import SchedulerConfig
from ..contract.catalog import STREAMS
from ..contract.messages import RoleStatus
from ..contract.tiers import Tier
from ..core import LibraryModel
from ..engines.arena import give_back
from ..engines.targets import Target
from ..errors import InferenceFailed, ModelUnknown
from ..models.catalog import BUILT_IN, MODELS
from ..models.registry import BuiltIn
from ..tasks.catalog import tasks_of
from ..zoo.errors import (
    CacheUnusableError,
    ModelDamagedError,
    ModelUnavailableError,
    UnknownModelError,
    ZooError,
)
from ..zoo.manifest import manifest_with
from ..zoo.store import ZooStore
from .loaded_model import LoadedModel
from .loading import load
from .probe import CurveCache
from .staging import Stager

log = logging.getLogger(__name__)

Load = Callable[[str], LoadedModel | LibraryModel]


class FilledRole(NamedTuple):
    """What came of a role; ``filled`` is None where it is not ready."""

    status: RoleStatus
    filled: LoadedModel | LibraryModel | None


def live_roles() -> frozenset[str]:
    """Every role that some stream cannot do without."""
    return frozenset(role for stream in STREAMS.values() for role in stream.required)


def wanted_roles(tier: Tier) -> list[str]:
    """Every role that a tier's tasks need; the live tier serves the streams as well."""
    needed = {role for task in tasks_of(tier) for role in task.roles}
    return sorted(needed | live_roles() if tier == "live" else needed)


def optional_roles(tier: Tier) -> list[str]:
    """Roles that a tier's tasks and streams do without where no model of theirs is present."""
    streams = STREAMS.values() if tier == "live" else ()
    enriching = {role for each in (*tasks_of(tier), *streams) for role in each.enriching}
    return sorted(enriching.difference(wanted_roles(tier), BUILT_IN))


def welcome_roles(tier: Tier, store: ZooStore) -> list[str]:
    """Those of a tier's optional roles that have a model here."""
    return [role for role in optional_roles(tier) if _is_there(role, store)]


def _is_there(role: str, store: ZooStore) -> bool:
    """Whether there is a model of the role, or what it takes to say why it cannot be used."""
    try:
        return any(store.is_present(each.name) for each in store.manifest.of_role(role))
    except CacheUnusableError:
        return True


def fill_roles(config: SchedulerConfig, target: Target, stager: Stager | None = None) -> list[FilledRole]:
    """Load a model for every wanted role. Takes seconds; runs in a thread of its own.

    ``stager``: where graphs of frames are to be fed from, in place of the host's memory.
    """
    store = ZooStore(config.cache_dir, manifest_with(config.models_file))
    know(store.manifest)
    curves = CurveCache(config.state_dir / "curves")
    roles = [*wanted_roles(config.tier), *welcome_roles(config.tier, store)]
    load_one = partial(
        load, store=store, target=target, curves=curves, stager=stager, precision=config.precision
    )
    filled = [_fill(role, config, store, load_one) for role in roles]
    _tell_of_absent(filled, config.tier, store)
    filled += [_fill(role, config, store, load_one) for role in fed_with(filled)]
    give_back()
    return _without_idle(filled)


def fed_with(roles: Sequence[FilledRole]) -> list[str]:
    """Roles that nobody asks for but the models which are fed with their outputs."""
    return [model.fed_with for _, model in batched(roles) if model.fed_with is not None]


def _without_idle(roles: Sequence[FilledRole]) -> list[FilledRole]:
    """Built-in models go where nobody would feed them."""
    lacking = {role.status.role: role.status.detail for role in roles if role.filled is None}
    kept = []
    for role in roles:
        if details := [lacking[need] for need in _needs(role.status.role) if need in lacking]:
            role = FilledRole(msgspec.structs.replace(role.status, ready=False, detail=details[0]), None)
        kept.append(role)
    return kept


def _needs(role: str) -> tuple[str, ...]:
    entry = MODELS[BUILT_IN[role]] if role in BUILT_IN else None
    return entry.needs if isinstance(entry, BuiltIn) else ()


def _fill(role: str, config: SchedulerConfig, store: ZooStore, load_one: Load) -> FilledRole:
    """The best model that runs here. One that is configured, or damaged, is replaced by no other."""
    configured = config.models.get(role)
    try:
        names = candidates(role, configured, store)
    except ModelUnavailableError as error:
        return _not_filled(role, configured, error) if configured else _absent(role, "", error)
    except ZooError as error:
        return _not_filled(role, configured or "", error)
    failures: list[FilledRole] = []
    for name in names:
        started = time.monotonic()
        try:
            filled = load_one(name)
        except ModelDamagedError as error:
            return _not_filled(role, name, error)
        except (ZooError, InferenceFailed, ModelUnknown) as error:
            failures.append(_not_filled(role, name, error))
            continue
        taken = round(time.monotonic() - started, 3)
        log.info("role %s: %s, loaded in %.1f s", role, name, taken)
        precision, sha256 = (filled.precision, filled.sha256) if isinstance(filled, LoadedModel) else ("", "")
        status = RoleStatus(role, name, True, "", taken, role in live_roles(), precision, sha256)
        return FilledRole(status, filled)
    return failures[0]


def _not_filled(role: str, name: str, error: Exception) -> FilledRole:
    log.warning("role %s: %s does not serve: %s", role, name or "none", error)
    return _absent(role, name, error)


def _absent(role: str, name: str, error: Exception) -> FilledRole:
    return FilledRole(RoleStatus(role, name, False, str(error), 0.0, role in live_roles()), None)


def _tell_of_absent(roles: Sequence[FilledRole], tier: Tier, store: ZooStore) -> None:
    """One line for all roles that have no model here; where nothing is here, the live tier's will do."""
    absent = [role.status.role for role in roles if role.filled is None and not role.status.model]
    known = {entry.role for entry in store.manifest.models if entry.role}
    if absent and (tier == "live" or any(_is_there(role, store) for role in known)):
        log.warning("no model is here for %s: `argusd models pull` gets them", ", ".join(absent))


def candidates(role: str, configured: str | None, store: ZooStore) -> list[str]:
    """The models to try for a role: the configured one, or those that are present, best first, and after them
    the built-in one.

    Raises:
        ZooError: there is none, or the configured one is not there.
    """
    built_in = BUILT_IN.get(role)
    if built_in is None or configured not in (None, built_in):
        return store.candidates(role, configured)
    if configured:
        return [built_in]
    try:
        return [*store.candidates(role), built_in]
    except (UnknownModelError, ModelUnavailableError):
        return [built_in]


def batched(roles: Sequence[FilledRole]) -> list[tuple[str, LoadedModel]]:
    """The roles whose models the loop runs in batches."""
    return [(role.status.role, role.filled) for role in roles if isinstance(role.filled, LoadedModel)]


def library_models(roles: Sequence[FilledRole]) -> dict[str, LibraryModel]:
    """The roles whose models their own library runs."""
    found = [(role.status.role, role.filled) for role in roles]
    return {
        role: filled for role, filled in found if filled is not None and not isinstance(filled, LoadedModel)
    }


def missing(roles: Sequence[FilledRole]) -> dict[str, str]:
    """The roles that are not ready, and why."""
    return {role.status.role: role.status.detail for role in roles if role.filled is None}
