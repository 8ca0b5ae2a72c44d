"""Exhibits as HTML: pictures with what was seen in them, and timelines, as SVG inside the page."""

import base64
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ..harness import Bar, Exhibit, Mark, Shot

SIDE, QUALITY = 420, 70  # pixels of a picture's longer side
LINE, NAMES, LENGTH = 18, 170, 340  # of a timeline: a line's height, the names' width, the whole length
COLOURS = {"label": "#2a8a2a", "unsure": "#bbb", "told": "#2f6fd0"}


def shown(exhibits: Sequence[Exhibit]) -> Iterator[str]:
    """All of them, side by side; nothing if there are none."""
    if exhibits:
        cards = "".join(map(_card, exhibits))
        yield f'<h2>What was seen</h2><div class="exhibits">{cards}</div>'


def _card(exhibit: Exhibit) -> str:
    kind = "exhibit odd" if exhibit.wrong else "exhibit"
    wrong = "".join(f'<p class="wrong">{escape(each)}</p>' for each in exhibit.wrong)
    said = "".join(f"<p>{escape(each)}</p>" for each in exhibit.said)
    shots = "".join(map(_shot, exhibit.shots))
    timeline = _timeline(exhibit.bars, exhibit.seconds) if exhibit.bars else ""
    return f'<div class="{kind}"><h3>{escape(exhibit.title)}</h3>{wrong}{shots}{timeline}{said}</div>'


def _shot(shot: Shot) -> str:
    picture = _picture(Path(shot.file), shot.at_s)
    if picture is None:
        return f"<p>{escape(Path(shot.file).name)} cannot be shown: it is gone, or has no picture there</p>"
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    width, height = round(width * scale), round(height * scale)
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    data = base64.b64encode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes())
    marks = "".join(_mark(mark, width, height) for mark in shot.marks)
    at = f'<text x="4" y="{height - 5}" fill="#ff0" font-size="12">{shot.at_s:.1f} s</text>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}"><image width="{width}" height="{height}"'
        f' href="data:image/jpeg;base64,{data.decode()}"/>{marks}{at if shot.at_s else ""}</svg>'
    )


def _mark(mark: Mark, width: int, height: int) -> str:
    left, top, right, bottom = mark.box
    x, y = left * width, top * height
    words = f'<text x="{x + 2:.1f}" y="{max(11.0, y + 12):.1f}" fill="#ff0" font-size="11">'
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{(right - left) * width:.1f}"'
        f' height="{(bottom - top) * height:.1f}" fill="none" stroke="#ff0" stroke-width="1.5"/>'
        f"{words}{escape(mark.label)}</text>"
    )


def _timeline(bars: Sequence[Bar], seconds: float) -> str:
    width, height = NAMES + LENGTH, LINE * (len(bars) + 1)
    lines = "".join(_bar(bar, number * LINE, seconds) for number, bar in enumerate(bars))
    ends = (
        f'<text x="{NAMES}" y="{height - 5}" font-size="11">0</text>'
        f'<text x="{width}" y="{height - 5}" font-size="11" text-anchor="end">{seconds:.1f} s</text>'
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{lines}{ends}</svg>'


def _bar(bar: Bar, top: int, seconds: float) -> str:
    spans = "".join(
        f'<rect x="{NAMES + LENGTH * begin_s / seconds:.1f}" y="{top + 3}" height="{LINE - 6}"'
        f' width="{max(1.0, LENGTH * (end_s - begin_s) / seconds):.1f}" fill="{COLOURS[bar.kind]}"/>'
        for begin_s, end_s in bar.spans
    )
    return f'<text x="0" y="{top + 13}" font-size="11">{escape(bar.name)}, {bar.kind}</text>{spans}'


def _picture(path: Path, at_s: float) -> NDArray[np.uint8] | None:
    """BGR; of a film the picture at that second."""
    try:
        with av.open(str(path)) as file:
            if file.streams.video and at_s:
                file.seek(int(at_s * av.time_base))
            for frame in file.decode(video=0):
                if frame.time is None or frame.time >= at_s - 0.05:
                    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
    except (av.FFmpegError, OSError, IndexError):
        pass
    return None
