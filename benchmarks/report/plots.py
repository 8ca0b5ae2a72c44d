"""A result's curves by matplotlib (the ``bench`` extra). A series ``PANEL/NAME`` is drawn in that panel."""

import base64
from collections import defaultdict
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..harness import NotMeasurable, Points, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT = 8.0, 3.0  # inches
DPI = 120


def panels_of(result: Result) -> dict[str, dict[str, Points]]:
    """The curves by panel, then by name."""
    panels: dict[str, dict[str, Points]] = defaultdict(dict)
    for name, points in result.series.items():
        panel, _, curve = name.rpartition("/")
        panels[panel][curve] = points
    return dict(panels)


def save_plot(result: Result, path: Path) -> None:
    """Draw all panels, one below the other.

    Raises:
        NotMeasurable: this benchmark has no curve to draw.
    """
    from matplotlib.figure import Figure

    panels = panels_of(result)
    if not panels:
        raise NotMeasurable(f"{result.name} has no curve to draw")
    figure = Figure(figsize=(WIDTH, 1.5 + HEIGHT * len(panels)), layout="constrained")
    figure.suptitle(f"{result.name}, {result.machine['cores']} cores")
    places = figure.subplots(len(panels), sharex=True, squeeze=False)[:, 0]
    for (panel, curves), axes in zip(panels.items(), places, strict=True):
        draw(axes, curves, panel or result.axes[1])
    axes.set_xlabel(result.axes[0])
    figure.savefig(path, dpi=DPI)


def panel_svg(result: Result, panel: str) -> str:
    """One panel as the address (``data:``) of an SVG picture, to be shown where nothing can be loaded."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH * 0.7, HEIGHT), layout="constrained")
    axes = figure.subplots()
    draw(axes, panels_of(result)[panel], panel or result.axes[1], marker="o", markersize=3)
    axes.set_xlabel(result.axes[0])
    drawn = BytesIO()
    figure.savefig(drawn, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def draw(axes: "Axes", curves: Mapping[str, Points], label: str, **style: Any) -> None:
    """Draw these curves."""
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), label=name, **style)
    axes.set_ylabel(label)
    axes.legend(fontsize="small")
    axes.set_ylim(bottom=0)
