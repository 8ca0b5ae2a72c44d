"""What a page shows of what was seen: pictures with boxes, films with timelines."""

import base64
import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from argusd.benchmarks.accuracy import exhibits
from argusd.benchmarks.accuracy.clip_verdicts import Finding
from argusd.benchmarks.accuracy.figures.spans import Stretch
from argusd.benchmarks.accuracy.figures.tallies import Verdict
from argusd.benchmarks.accuracy.labels import Item, Span, Spans
from argusd.benchmarks.harness import Bar, Exhibit, Mark, Shot
from argusd.benchmarks.report.exhibits import shown

MISSED = Verdict(finding="picture.phone", item="a.png", there=True, told=False, why="best <0.20")


def test_a_picture_with_what_was_seen_in_it(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), np.full((100, 840, 3), (0, 0, 255), np.uint8))
    shot = Shot(str(path), 0.0, [Mark("person <0.90>", [0.25, 0.5, 0.75, 1.0])])
    html = "".join(shown([Exhibit("a.png", ["phone missed"], ["gaze"], [shot])]))
    assert '<rect x="105.0" y="25.0" width="210.0" height="25.0"' in html
    assert "person &lt;0.90&gt;" in html
    assert '<div class="exhibit odd"><h3>a.png</h3><p class="wrong">phone missed</p>' in html
    (data,) = re.findall(r"data:image/jpeg;base64,([^\"]+)", html)
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), 1)
    assert picture is not None
    assert picture.shape == (50, 420, 3)
    assert np.abs(picture[25, 210].astype(int) - (0, 0, 255)).max() <= 3


def test_a_timeline() -> None:
    bars = [Bar("gaze_away", "label", [(0.0, 5.0)]), Bar("gaze_away", "told", [(2.5, 10.0)])]
    html = "".join(shown([Exhibit("a.mp4", [], [], [], 10.0, bars)]))
    assert re.findall(r'<rect x="([\d.]+)" y="(\d+)" height="12" width="([\d.]+)"', html) == [
        ("170.0", "3", "170.0"),
        ("255.0", "21", "255.0"),
    ]
    assert 'class="exhibit"' in html


def test_what_is_gone_is_said() -> None:
    html = "".join(shown([Exhibit("a", [], [], [Shot("/nowhere/a.png")])]))
    assert "a.png cannot be shown" in html
    assert list(shown([])) == []


def test_a_clip_is_shown_where_something_was_found() -> None:
    item = Item(
        file="a.mp4",
        path=Path("a.mp4"),
        kind="video",
        segments={"phone_detected": Spans((Span(1.0, None),), (Span(0.0, 0.5),))},
    )
    found = {"gaze_away": [Finding(Stretch(4.0, 5.0), {})]}
    observed: list[tuple[float, dict[str, Any]]] = [
        (1.0, {"objects": [{"label": "chair", "score": 0.5, "box": [0, 0, 1, 1]}]}),
        (4.0, {"objects": [{"label": "person", "score": 0.9, "box": [0, 0, 1, 1]}]}),
        (4.5, {"faces": [[0.1, 0.1, 0.2, 0.2]]}),
    ]
    exhibit = exhibits.clip(item, found, 9.0, observed, [MISSED])
    assert exhibit.wrong == ["picture.phone missed: best <0.20"]
    assert exhibit.bars == [
        Bar("phone_detected", "label", [(1.0, 9.0)]),
        Bar("phone_detected", "unsure", [(0.0, 0.5)]),
        Bar("gaze_away", "told", [(4.0, 5.0)]),
    ]
    begun, labelled = exhibit.shots
    assert (begun.at_s, [mark.label for mark in begun.marks]) == (4.3, ["person 0.90", "face"])
    assert labelled.at_s == 5.0
