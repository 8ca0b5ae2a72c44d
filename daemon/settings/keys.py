"""Which keys there are: those of ``Shared`` at the top, and a table for each class of ``SECTIONS``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from argusd.api.config import ApiConfig, ClusterConfig
from argusd.ingest.config import IngestConfig
from argusd.scheduler.config import SchedulerConfig
from argusd.scheduler.contract.http import WebUrl
from argusd.scheduler.contract.names import VisibleText, did_you_mean
from argusd.scheduler.contract.quantities import Share
from argusd.scheduler.recorder.config import RecorderConfig


class Shared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The top-level keys: what more than one process must agree on.

    ``runtime_dir`` (sockets) lies in ``state_dir`` unless it is set. ``ingest_workers`` 0 means one for every
    four cores that a process may use, by its affinity and its container's quota: set it where that is not the
    same for all. ``huggingface_token`` is shown to Hugging Face's hub alone, for models whose terms its owner
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
    huggingface_token: Annotated[VisibleText, msgspec.Meta(min_length=1)] | None = None
    shutdown_s: Annotated[float, msgspec.Meta(gt=0, le=600)] = 20.0
    traces_url: WebUrl | None = None
    traces_share: Share = 1.0
    recording: bool = False


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


def meant(prefix: str, key: str) -> str:
    """The end of a sentence about a key that is unknown: where it belongs, or how it is spelt."""
    elsewhere = [known for known in KEYS if known.rpartition(".")[2] == key]
    return did_you_mean(elsewhere[0] if elsewhere else f"{prefix}{key}", KEYS)
