"""One configuration for all processes: a TOML file, overridden by the environment. Only this file reads it.

``settings/keys.py`` has the keys, ``settings/sources.py`` where they may be said. Unknown keys are refused.
Some variables are no keys: ``ARGUSD_CONFIG`` names the file, ``ARGUSD_URL`` (older: ``ML_ORCHESTRATOR_URL``)
the daemon that clients ask, ``ARGUSD_TOKEN`` is what they show it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from argusd.api.config import ApiConfig, ClusterConfig
from argusd.ingest.config import IngestConfig
from argusd.scheduler.allowed_cores import whole_cores
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.names import did_you_mean
from argusd.scheduler.contract.tiers import Tier
from argusd.scheduler.contract.wording.misfit import explain, shown
from argusd.scheduler.engines.devices import usable_gpus
from argusd.scheduler.recorder.config import RecorderConfig
from argusd.scheduler.zoo.errors import ManifestError
from argusd.scheduler.zoo.manifest import manifest_with

from .errors import ConfigInvalid
from .logs import LogSettings
from .settings.keys import KEYS, SECTIONS, Shared, meant
from .settings.secrets import secrets_of
from .settings.sources import FILE_VARIABLE, TOKEN_VARIABLE, Table, said, variable

MODELS_FILE = "models.toml"
LONGEST_SOCKET_NAME = len("/notify-scheduler-bulk.2.sock")
SUN_PATH = 107  # bytes of a unix socket's path, sockaddr_un(7)
CORES_PER_INGEST_WORKER = 4
FOLLOWS = "follows from other keys and is not set here"
PATH_WANTED = "Expected a path"  # as msgspec words what it finds itself

Section = TypeVar("Section", bound=msgspec.Struct)


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration, resolved.

    ``gpus_found``: how many live schedulers follow from the GPUs that were found; 0: their number is
    configured, or no GPU can be used. ``notify_socket``: who wants to know that we are ready.
    ``environment``: what a child process needs to arrive at the same configuration.
    """

    state_dir: Path
    runtime_dir: Path
    cache_dir: Path
    models_file: Path | None
    ingest_workers: int
    logs: LogSettings
    huggingface_token: str | None
    shutdown_s: float
    recording: bool
    api: ApiConfig
    ingest: IngestConfig
    scheduler: SchedulerConfig
    recorder: RecorderConfig
    gpus_found: int
    notify_socket: str | None
    environment: dict[str, str]

    @property
    def client_token(self) -> str | None:
        """What clients show the daemon: the environment's token, else the first unrestricted one.

        Raises:
            SecretUnreadable: its file cannot be read.
        """
        unrestricted = (token.read() for token in self.api.tokens if token.unrestricted)
        return self.environment.get(TOKEN_VARIABLE) or next(unrestricted, None)

    def ingest_worker(self, index: int) -> IngestConfig:
        """The configuration of ingest worker ``index``.

        Raises:
            ConfigInvalid: there are not that many workers.
        """
        if not 0 <= index < self.ingest_workers:
            raise ConfigInvalid(f"there is no ingest worker {index}; ingest_workers is {self.ingest_workers}")
        return msgspec.structs.replace(self.ingest, worker=index)

    def scheduler_process(self, tier: Tier, index: int) -> SchedulerConfig:
        """The configuration of one scheduler; ``index`` counts the live ones.

        Raises:
            ConfigInvalid: there are not that many schedulers.
        """
        if not 0 <= index < (self.scheduler.live if tier == "live" else 1):
            raise ConfigInvalid(f"there is no {tier} scheduler {index}; {self.scheduler.live} are configured")
        return msgspec.structs.replace(self.scheduler, tier=tier, index=index)


def load_config(file: Path | None = None, overrides: Mapping[str, str] | None = None) -> Config:
    """Read the environment and the file it (or ``file``) names; ``overrides`` are variables that win.

    Raises:
        ConfigInvalid: a key is unknown, a value is not of its type, or the file cannot be read.
    """
    environment = {**os.environ, **(overrides or {})}
    if file is not None:
        environment[FILE_VARIABLE] = str(file.absolute())
    return resolve(environment)


def resolve(environment: Mapping[str, str]) -> Config:
    """The configuration that these environment variables (and the file they name) describe."""
    return _build(said(environment), dict(environment))


def is_derived(key: str) -> bool:
    """Whether a key of a table follows from other keys, so that it is not set."""
    try:
        resolve({variable(key): "x"})
    except ConfigInvalid as refusal:
        return FOLLOWS in str(refusal)
    return False


def _build(table: Table, environment: dict[str, str]) -> Config:
    tables = {name: table.pop(name, {}) for name in SECTIONS}
    shared = _convert(table, Shared, "", frozenset())
    state_dir = _at_home("state_dir", shared.state_dir)
    runtime_dir = (shared.runtime_dir or state_dir / "run").absolute()
    if len(os.fsencode(runtime_dir)) + LONGEST_SOCKET_NAME > SUN_PATH:
        raise ConfigInvalid(f"runtime_dir {runtime_dir} is too long for unix sockets; choose a shorter one")
    workers = shared.ingest_workers or max(1, whole_cores() // CORES_PER_INGEST_WORKER)
    common: Table = {
        "state_dir": state_dir,
        "runtime_dir": runtime_dir,
        "cache_dir": _at_home("cache_dir", shared.cache_dir),
        "models_file": _models_file(shared.models_file, environment.get(FILE_VARIABLE)),
        "ingest_workers": workers,
        "shutdown_s": shared.shutdown_s,
    }
    traces = {"traces_url": shared.traces_url, "traces_share": shared.traces_share}
    scheduler = _section(
        tables["scheduler"], SchedulerConfig, "scheduler", {**common, **traces, "tier": "live", "index": 0}
    )
    _check_models(scheduler)
    found = _gpus_for(scheduler)
    scheduler = msgspec.structs.replace(scheduler, count=found or scheduler.live)
    ingest = _section(tables["ingest"], IngestConfig, "ingest", {**common, "workers": workers, "worker": 0})
    api = _section(
        tables["api"], ApiConfig, "api", {**common, **traces, "schedulers": scheduler.live, "cluster": None}
    )
    cluster = _section(tables["cluster"], ClusterConfig, "cluster", {})
    if cluster.url:
        api = msgspec.structs.replace(api, cluster=cluster)
    if api.ice_servers is None:
        api = msgspec.structs.replace(api, ice_servers=ingest.ice_servers)
    return Config(
        **common,
        logs=LogSettings(
            shared.log_level,
            shared.log_form,
            secrets_of(api, ingest, shared.huggingface_token, environment.get(TOKEN_VARIABLE)),
        ),
        huggingface_token=shared.huggingface_token,
        recording=shared.recording,
        api=api,
        ingest=ingest,
        scheduler=scheduler,
        recorder=_section(tables["evidence"], RecorderConfig, "evidence", common),
        gpus_found=found,
        notify_socket=environment.get("NOTIFY_SOCKET"),
        environment=environment,
    )


def _gpus_for(scheduler: SchedulerConfig) -> int:
    """How many GPUs shall have a live scheduler each, where the configuration leaves that to the machine."""
    left_open = scheduler.device == "auto" and not scheduler.devices and not scheduler.count
    return usable_gpus(scheduler.engine) if left_open else 0


def _section(table: Any, kind: type[Section], name: str, common: Table) -> Section:
    if not isinstance(table, dict):
        raise ConfigInvalid(f"{name} is a table of keys, not a value")
    fields = {field.name for field in msgspec.structs.fields(kind)}
    given = {key: value for key, value in common.items() if key in fields}
    return _convert({**table, **given}, kind, f"{name}.", frozenset(table) & frozenset(common))


def _convert(table: Table, kind: type[Section], prefix: str, misplaced: frozenset[str]) -> Section:
    for key in table:
        if key in misplaced:
            raise ConfigInvalid(f"{prefix}{key} {FOLLOWS}")
        if f"{prefix}{key}" not in KEYS:
            raise ConfigInvalid(f"unknown configuration key {prefix}{shown(key)}{meant(prefix, key)}")
    try:
        return msgspec.convert(table, kind, strict=False, dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        misfit = explain(error, kind, table, prefix.rstrip("."), "the configuration")
        raise ConfigInvalid(misfit.of_key()) from error


def _models_file(configured: Path | None, file: str | None) -> Path | None:
    """The manifest of the site's own models: the configured one, or the one beside the configuration."""
    if configured is not None:
        return configured.absolute()
    beside = Path(file).absolute().with_name(MODELS_FILE) if file else None
    return beside if beside is not None and beside.is_file() else None


def _at_home(key: str, default: Path) -> Path:
    """A folder that lies in the user's home where nothing else is configured."""
    try:
        return default.expanduser().absolute()
    except RuntimeError:  # a container's user without a name
        raise ConfigInvalid(f"this user has no home: set {key} ({variable(key)})") from None


def _check_models(scheduler: SchedulerConfig) -> None:
    if not scheduler.models and scheduler.models_file is None:
        return
    try:
        manifest = manifest_with(scheduler.models_file)
    except ManifestError as error:
        raise ConfigInvalid(str(error)) from error
    roles = sorted({entry.role for entry in manifest.models if entry.role})
    for role in scheduler.models:
        if role not in roles:
            meant = did_you_mean(role, roles)
            raise ConfigInvalid(
                f"scheduler.models has no role {shown(role)}{meant} Known are {', '.join(roles)}"
            )


def _decode_path(kind: type, value: Any) -> Any:
    if not issubclass(kind, Path):
        raise NotImplementedError
    try:
        text = os.fspath(value)
        if not text or "\0" in text:
            raise ValueError(PATH_WANTED)
        return Path(text).expanduser()
    except (TypeError, RuntimeError):  # no text; ~nobody-of-this-name
        raise ValueError(PATH_WANTED) from None
