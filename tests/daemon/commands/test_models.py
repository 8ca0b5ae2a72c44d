"""What ``argusd models list`` tells of each model."""

from pathlib import Path

import msgspec

from argusd.daemon.commands.models import listed, measured
from argusd.scheduler.loaded.probe import CurveCache
from argusd.scheduler.zoo.contents import ModelStatus
from argusd.scheduler.zoo.layout import CacheLayout
from argusd.scheduler.zoo.manifest import Measured
from argusd.scheduler.zoo.store import ZooStore

FIGURES = (
    Measured("clip.phone_recall", 0.667, "40 clips"),
    Measured("clip.phone_precision", 0.9, "40 clips"),
)
KNOWN = ModelStatus(
    name="our_detector",
    about="what we trained",
    kind="model",
    role="object_detector",
    packs=(),
    licence="ours",
    present=True,
    size=1_500_000,
    hashes="published",
    accuracy=FIGURES,
)
UNKNOWN = msgspec.structs.replace(KNOWN, name="other", accuracy=())


def test_a_model_has_what_a_look_costs_and_how_right_it_was_where_that_is_known() -> None:
    head, known, unknown = listed([KNOWN, UNKNOWN], {"our_detector": 39.24}, json=False)
    cost, accuracy, hashes = (head.index(name) for name in ("MS", "ACCURACY", "HASHES"))
    assert known[cost:accuracy].strip() == "39.2"
    assert known[accuracy:hashes].strip() == "clip.phone_recall 0.667"
    assert unknown[cost:hashes].strip() == ""


def test_json_has_all_figures_and_what_they_were_measured_on() -> None:
    known, unknown = (msgspec.json.decode(line) for line in listed([KNOWN, UNKNOWN], {"other": 1}, json=True))
    assert known["accuracy"] == [msgspec.to_builtins(figure) for figure in FIGURES]
    assert (known["look_ms"], unknown["look_ms"]) == (None, 1)
    assert unknown["accuracy"] == []


def test_a_damaged_model_keeps_no_other_one_from_being_listed(tmp_path: Path) -> None:
    store = ZooStore(tmp_path)
    entry = store.manifest.entry("silero_vad")
    for file in entry.files:
        path = CacheLayout(tmp_path).file(entry, file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"damaged")
    assert store.is_present("silero_vad")
    assert measured(store, CurveCache(tmp_path / "curves")) == {}
