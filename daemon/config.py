"""One configuration for all processes: a TOML file, overridden by the environment. Only this file reads it.

The file has top-level keys (``Shared``) and tables, whose keys are the fields of a class each (``SECTIONS``).
Every key can come from the environment: ``ARGUSD_STATE_DIR`` is ``state_dir``, ``ARGUSD_API__PORT`` is
``api.port``; a value that begins with ``[`` or ``{`` is read as TOML, any other as text. Older names
are understood (``older_names.py``). Order, last one wins: defaults, file, older names, ``ARGUSD_*``.
Unknown keys are refused.

Two variables are no keys: ``ARGUSD_CONFIG`` names the file, ``ARGUSD_TOKEN`` is what clients show the daemon.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from argusd.api.config import ApiConfig, ClusterConfig
from argusd.ingest.config import IngestConfig
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.http import WebUrl
from argusd.scheduler.contract.names import ENDS, did_you_mean
from argusd.scheduler.contract.quantities import Share
from argusd.scheduler.contract.tiers import Tier
from argusd.scheduler.contract.wording.misfit import explain, shown
from argusd.scheduler.engines.devices import usable_gpus
from argusd.scheduler.recorder.config import RecorderConfig
from argusd.scheduler.zoo.errors import ManifestError
from argusd.scheduler.zoo.manifest import manifest_with

from .errors import ConfigInvalid
from .logs import LogSettings
from .older_names import OLDER_NAMES
from .secrets_of import secrets_of

PREFIX = "ARGUSD_"
FILE_VARIABLE = "ARGUSD_CONFIG"
TOKEN_VARIABLE = "ARGUSD_TOKEN"  # noqa: S105 the variable's name, not a token
MODELS_FILE = "models.toml"
VISIBLE = "[!-~]*"
LONGEST_SOCKET_NAME = len("/notify-scheduler-bulk.2.sock")
SUN_PATH = 107  # bytes of a unix socket's path, sockaddr_un(7)
CORES_PER_INGEST_WORKER = 4
FOLLOWS = "follows from other keys and is not set here"
PATH_WANTED = "Expected a path"  # as msgspec words what it finds itself

VisibleText = Annotated[
    str, msgspec.Meta(pattern=rf"^{VISIBLE}{ENDS}", min_length=1, description="visible ASCII characters")
]
Section = TypeVar("Section", bound=msgspec.Struct)
Table = dict[str, Any]


class Shared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The top-level keys: what more than one process must agree on.

    ``runtime_dir`` (sockets) lies in ``state_dir`` unless it is set. ``ingest_workers`` 0 means one for every
    four cores. ``huggingface_token`` is shown to Hugging Face's hub alone, for models whose terms its owner
    accepted. ``shutdown_s``: how long tasks that are at work may go on when the daemon is asked to end.
    ``traces_url``: where a collector takes OTLP over HTTP (``http://127.0.0.1:4318/v1/traces``);
    ``traces_share``: the share of requests that are traced, of those whose caller does not say.
    ``models_file``: a manifest of a site's own models; ``models.toml`` beside the file, if it is there.
    ``recording``: whether ``argusd record`` may keep what sessions send.
    """

    state_dir: Path = Path("~/.local/state/argusd")
    runtime_dir: Path | None = None
    cache_dir: Path = Path("~/.cache/argusd")
    models_file: Path | None = None
    ingest_workers: Annotated[int, msgspec.Meta(ge=0, le=64)] = 0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_form: Literal["text", "json"] = "text"
    huggingface_token: VisibleText | None = None
    shutdown_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    traces_url: WebUrl | None = None
    traces_share: Share = 1.0
    recording: bool = False


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole configuration, resolved.

    ``gpus_found``: how many live schedulers follow from the GPUs that were found; 0: their number is
    configured, or no GPU can be used. ``notify_socket``: who wants to know that we are ready.
    ``orchestrator_url``: the daemon that clients talk to, where it is not the one described here.
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
    orchestrator_url: str | None
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


SECTIONS: Mapping[str, type[msgspec.Struct]] = {
    "api": ApiConfig,
    "cluster": ClusterConfig,
    "ingest": IngestConfig,
    "scheduler": SchedulerConfig,
    "evidence": RecorderConfig,
}
KEYS = [field.name for field in msgspec.structs.fields(Shared)] + [
    f"{name}.{field.name}" for name, section in SECTIONS.items() for field in msgspec.structs.fields(section)
]


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
    if not re.fullmatch(VISIBLE, environment.get(TOKEN_VARIABLE, "")):
        raise ConfigInvalid(f"{TOKEN_VARIABLE} must be visible ASCII characters: no other fits a header")
    merged = _read_file(environment.get(FILE_VARIABLE))
    for name, older in OLDER_NAMES.items():
        if environment.get(name):
            _put(merged, older.path, older.read(environment[name]))
    for name, text in environment.items():
        if name.startswith(PREFIX) and name not in (FILE_VARIABLE, TOKEN_VARIABLE):
            path = tuple(name.removeprefix(PREFIX).lower().split("__"))
            _check_variable(name, path)
            _put(merged, path, _value(name, text))
    return _build(merged, dict(environment))


def is_derived(key: str) -> bool:
    """Whether a key of a table follows from other keys, so that it is not set."""
    try:
        resolve({PREFIX + key.upper().replace(".", "__"): "x"})
    except ConfigInvalid as refusal:
        return FOLLOWS in str(refusal)
    return False


def _build(merged: Table, environment: dict[str, str]) -> Config:
    tables = {name: merged.pop(name, {}) for name in SECTIONS}
    shared = _convert(merged, Shared, "", frozenset())
    state_dir = _at_home("state_dir", shared.state_dir)
    runtime_dir = (shared.runtime_dir or state_dir / "run").absolute()
    if len(os.fsencode(runtime_dir)) + LONGEST_SOCKET_NAME > SUN_PATH:
        raise ConfigInvalid(f"runtime_dir {runtime_dir} is too long for unix sockets; choose a shorter one")
    workers = shared.ingest_workers or max(1, (os.cpu_count() or 1) // CORES_PER_INGEST_WORKER)
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
            secrets_of(api, shared.huggingface_token, environment.get(TOKEN_VARIABLE)),
        ),
        huggingface_token=shared.huggingface_token,
        recording=shared.recording,
        api=api,
        ingest=ingest,
        scheduler=scheduler,
        recorder=_section(tables["evidence"], RecorderConfig, "evidence", common),
        gpus_found=found,
        notify_socket=environment.get("NOTIFY_SOCKET"),
        orchestrator_url=environment.get("ML_ORCHESTRATOR_URL"),
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
            raise ConfigInvalid(f"unknown configuration key {prefix}{shown(key)}{_meant(prefix, key)}")
    try:
        return msgspec.convert(table, kind, strict=False, dec_hook=_decode_path)
    except msgspec.ValidationError as error:
        misfit = explain(error, kind, table, prefix.rstrip("."), "the configuration")
        raise ConfigInvalid(misfit.of_key()) from error


def _meant(prefix: str, key: str) -> str:
    """Where the key belongs, or how it is spelt."""
    elsewhere = [known for known in KEYS if known.rpartition(".")[2] == key]
    return did_you_mean(elsewhere[0] if elsewhere else f"{prefix}{key}", KEYS)


def _check_variable(name: str, path: tuple[str, ...]) -> None:
    key = ".".join(path[: 2 if path[0] in SECTIONS else 1])
    if key not in KEYS and key not in SECTIONS:
        variables = [PREFIX + known.upper().replace(".", "__") for known in KEYS]
        raise ConfigInvalid(f"{name}: unknown configuration key {key}{did_you_mean(name, variables)}")


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
        raise ConfigInvalid(f"this user has no home: set {key} ({PREFIX}{key.upper()})") from None


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


def _read_file(name: str | None) -> Table:
    if not name:
        return {}
    try:
        return tomllib.loads(Path(name).read_text("utf-8"))
    except OSError as error:
        raise ConfigInvalid(f"cannot read the configuration {name}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigInvalid(f"{name} is not TOML: {error}") from error


def _value(name: str, text: str) -> Any:
    if not text.startswith(("[", "{")):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigInvalid(f"{name} is not a TOML value: {error}") from error


def _put(table: Table, path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            raise ConfigInvalid(f"{'.'.join(path)}: {key} is a value, not a table")
    if isinstance(table.get(path[-1]), dict) and not isinstance(value, dict):
        raise ConfigInvalid(f"{'.'.join(path)} is a table of keys, not a value")
    table[path[-1]] = value
