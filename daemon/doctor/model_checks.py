"""Which model each role runs on, and which better one could be had, under which licence."""

from collections.abc import Sequence
from typing import get_args

from argusd.scheduler.contract.tiers import Tier
from argusd.scheduler.loaded.roles import candidates, optional_roles, wanted_roles
from argusd.scheduler.models.catalog import MODELS
from argusd.scheduler.zoo.errors import ZooError
from argusd.scheduler.zoo.manifest import manifest_with
from argusd.scheduler.zoo.store import ZooStore

from ..config import Config
from .finding import Finding


def check_roles(config: Config) -> list[Finding]:
    """One finding for each role of any tier, in the order of their names."""
    store = ZooStore(config.cache_dir, manifest_with(config.models_file))
    needed = {role for tier in get_args(Tier) for role in wanted_roles(tier)}
    optional = {role for tier in get_args(Tier) for role in optional_roles(tier)} - needed
    return [
        _role(role, config.scheduler.models.get(role), store, needed=role in needed)
        for role in sorted(needed | optional)
    ]


def _role(role: str, configured: str | None, store: ZooStore, *, needed: bool) -> Finding:
    try:
        model = candidates(role, configured, store)[0]
    except ZooError as error:
        if needed:
            return Finding("warn", role, "no model", str(error))
        return Finding("ok", role, f"no model, done without; {_offer(_runnable(role, store), store)}")
    if configured:
        return Finding("ok", role, f"{model}, as configured")
    names = _runnable(role, store)
    place = names.index(model) if model in names else len(names)
    if better := names[:place]:
        return Finding("ok", role, f"{model}; {_offer(better, store)}")
    others = [] if store.manifest.entry(model).permissive else names[place + 1 :]
    free = next((name for name in others if store.manifest.entry(name).permissive), None)
    if free is None:
        return Finding("ok", role, model)
    licences = [store.manifest.entry(name).licence for name in (model, free)]
    found = f"{model} ({licences[0]}); free for every use: {free} ({licences[1]})"
    return Finding("ok", role, f"{found}: argusd models pull {free}")


def _runnable(role: str, store: ZooStore) -> list[str]:
    entries = [entry for entry in store.manifest.models if entry.role == role]
    return [entry.name for entry in entries if entry.run_by in MODELS]


def _offer(names: Sequence[str], store: ZooStore) -> str:
    """What would be better, the permissive first."""
    entries = sorted(map(store.manifest.entry, names), key=lambda entry: not entry.permissive)
    offered = [f"{entry.name} ({entry.licence})" for entry in entries]
    return f"better: {', '.join(offered)}: argusd models pull {entries[0].name}"
