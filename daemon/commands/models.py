"""``argusd models list|pull|verify``: the model store, by hand."""

import argparse
import contextlib
import sys
from collections.abc import Mapping, Sequence

import msgspec

from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.probe import CurveCache
from argusd.scheduler.zoo.contents import ModelStatus
from argusd.scheduler.zoo.errors import ModelDamagedError
from argusd.scheduler.zoo.manifest import DEFAULT_PACK, Measured, manifest_with
from argusd.scheduler.zoo.store import ZooStore

from ..arguments import path
from ..config import load_config
from ..options import configure_json
from ..table import table, window

HEAD = ("", "NAME", "ROLE", "PACKS", "MB", "MS", "ACCURACY", "HASHES", "LICENCE", "ABOUT")
GIVE = {"ABOUT": 24, "HASHES": 0, "PACKS": 0, "LICENCE": 12, "ACCURACY": 0}
HELP = {"models": "list, pull or verify models"}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="show every model, its role, licence and whether it is here")
    configure_json(listing, "model")
    pull = actions.add_parser("pull", help="fetch and convert models")
    about = f"a model or a pack (default: the pack {DEFAULT_PACK})"
    pull.add_argument("names", nargs="*", default=[DEFAULT_PACK], metavar="NAME", help=about)
    actions.add_parser("verify", help="check the SHA-256 of every file")
    for action in actions.choices.values():  # it may stand behind the action as well
        action.add_argument("--config", type=path, metavar="FILE", default=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Do one action."""
    config = load_config(args.config)
    store = ZooStore(
        config.cache_dir, manifest_with(config.models_file), huggingface_token=config.huggingface_token
    )
    if args.action == "list":
        costs = measured(store, CurveCache(config.state_dir / "curves"))
        print("\n".join(listed(store.status(), costs, json=args.json)))
        return 0
    return pull(store, args.names) if args.action == "pull" else verify(store)


def pull(store: ZooStore, names: Sequence[str]) -> int:
    """Fetch and convert; a line for each model that cannot be had, and 1 if there is any."""
    failures = store.pull_each(names)
    for name, error in failures.items():
        print(f"without {name}: {error}", file=sys.stderr)
    if failures:
        print(
            "the daemon serves with what is here; `argusd doctor` names the model of each role",
            file=sys.stderr,
        )
    return 1 if failures else 0


def verify(store: ZooStore) -> int:
    """A line for each damaged file, and 1 if there is any; say which hashes rest on our own first pull."""
    damages = store.verify()
    for damage in damages:
        print(f"{damage.model}: {damage.file}: {damage.reason}")
    for file in store.first_seen():
        print(f"{file.model}: {file.file}: no published hash; first seen with SHA-256 {file.sha256}")
    print(f"{len(damages)} damaged files" if damages else "all files are whole")
    return 1 if damages else 0


def measured(store: ZooStore, curves: CurveCache) -> dict[str, float]:
    """What one look of a model takes on this machine's CPU, in ms, of those that have been loaded here."""
    found = {}
    for status in store.status():
        if not (status.present and status.kind == "model"):
            continue
        with contextlib.suppress(ModelDamagedError):  # `argusd models verify` names those
            curve = curves.load(curves.path(store.read(status.name).sha256, *CPU.setting))
            if curve is not None:
                found[status.name] = 1000 * curve.seconds[0]
    return found


def listed(statuses: list[ModelStatus], costs: Mapping[str, float], *, json: bool) -> list[str]:
    """One line a model, in columns or as JSON; ``costs``: ms a look, where that is known."""
    if json:
        known = [{**msgspec.to_builtins(each), "look_ms": costs.get(each.name)} for each in statuses]
        return [msgspec.json.encode(status).decode() for status in known]
    return table(HEAD, [row(status, costs.get(status.name)) for status in statuses], window(), GIVE)


def row(status: ModelStatus, look_ms: float | None) -> tuple[str, ...]:
    """A model as people read it."""
    return (
        "✓" if status.present else "·",
        status.name,
        status.role or status.kind,
        ",".join(status.packs),
        f"{status.size / 1e6:.1f}" if status.size else "",
        f"{look_ms:.1f}" if look_ms is not None else "",
        first(status.accuracy),
        status.hashes,
        status.licence,
        status.about,
    )


def first(accuracy: Sequence[Measured]) -> str:
    """The figure that counts most; nothing where there is none."""
    return f"{accuracy[0].metric} {accuracy[0].value:.3g}" if accuracy else ""
