"""The accuracy benchmark against a real daemon: pictures, pairs, a published clip."""

from pathlib import Path

import pytest

from argusd.benchmarks.accuracy.command import judged
from argusd.benchmarks.accuracy.figures.tallies import tallies
from argusd.benchmarks.accuracy.labels import read_labels
from argusd.benchmarks.accuracy.parts import MINUTES

from ..live_daemon import Daemon
from ..media import published

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(600)]

LABELS = """\
file,kind,persons,faces,phone,person_id,segments
obama.jpg,image,1,1,0,obama,
obama2.jpg,image,?,1,,obama,
biden.jpg,document,,1,,biden,
shots.mp4,video,,,,,5.2-A:multiple_faces;0-A:?multiple_people;0-A:?gaze_away
"""


async def test_what_is_there_is_told_and_counted(daemon: Daemon, tmp_path: Path) -> None:
    for name in ("obama.jpg", "obama2.jpg", "biden.jpg", "shots.mp4"):
        (tmp_path / name).symlink_to(published() / name)
    (tmp_path / "labels.csv").write_text(LABELS)

    found = await judged(
        read_labels(tmp_path), ["pictures", "pairs", "clips"], daemon.url, minutes=MINUTES, alarms=1.0
    )

    counts = {name: (each.right, each.false, each.missed) for name, each in tallies(found.verdicts).items()}
    assert counts["face_embed.face"] == counts["picture.face_count"] == (2, 0, 0)
    assert counts["picture.phone"] == (0, 0, 0)
    assert counts["face_verify.same_person"] == (1, 0, 0)
    assert counts["clip.multiple_faces"] == (1, 0, 0)
    assert tallies(found.verdicts)["picture.multiple_people"].left_out == 1
    assert found.metrics["face_verify.auc"].value == 1.0
    (clip,) = [exhibit for exhibit in found.exhibits if exhibit.bars]
    assert {(bar.name, bar.kind) for bar in clip.bars} >= {
        ("multiple_faces", "label"),
        ("multiple_faces", "told"),
    }
    assert any(mark.label == "face" for shot in clip.shots for mark in shot.marks)
