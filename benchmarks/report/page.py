"""Results as one page of HTML that needs nothing else: tables, and curves as SVG inside it."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from ..harness import Metric, Result, Table, cell
from .exhibits import shown
from .plots import panel_svg, panels_of

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; color: #222 }
table { border-collapse: collapse; margin: .5rem 0 1.5rem }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left }
tr.ours { background: #eef5ff }
.wrong { color: #a00 }
.exhibits { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1rem }
.exhibit { border: 1px solid #ddd; padding: .5rem .8rem; max-width: 36rem; overflow-wrap: anywhere }
.exhibit.odd { border-color: #a00 }
.exhibit h3 { font-size: 1rem; margin: 0 0 .3rem }
.exhibit p { margin: .2rem 0; font-size: .85rem }
.exhibit svg { max-width: 100%; height: auto; margin: .2rem .2rem 0 0 }
.panels { display: flex; flex-wrap: wrap; gap: 1rem }
.panels img { width: 36rem; max-width: 100% }
"""
OURS = "argusd"


def page(results: Sequence[Result]) -> str:
    """The page of these results, one after the other."""
    names = ", ".join(result.name for result in results)
    body = "".join(f"<section>{''.join(section(result))}</section>" for result in results)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>argusd: {escape(names)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def section(result: Result) -> Iterator[str]:
    """One result: what was found wrong, its tables, its curves, and all its figures."""
    yield f"<h1>{escape(result.name)}</h1>"
    machine = ", ".join(f"{name} {value}" for name, value in result.machine.items())
    yield f"<p>{result.served} served; {escape(machine)}.</p>"
    yield listed("wrong", result.failures)
    yield listed("note", result.notes)
    for each in result.tables:
        yield f"<h2>{escape(each.title)}</h2>{table(each)}"
    yield from shown(result.exhibits)
    pictures = (
        f'<img alt="{escape(panel)}" src="{panel_svg(result, panel)}">' for panel in panels_of(result)
    )
    yield f'<div class="panels">{"".join(pictures)}</div>'
    yield f"<details><summary>All figures</summary>{table(figures(result.metrics.items()))}</details>"


def listed(kind: str, sentences: Sequence[str]) -> str:
    """Sentences as a list; nothing if there are none."""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f'<ul class="{kind}">{items}</ul>' if items else ""


def figures(metrics: Iterable[tuple[str, Metric]]) -> Table:
    """Every figure with its unit, its rounds, the peer's, and what it should be."""
    return Table(
        "all figures",
        ["figure", "value", "unit", "lowest to highest", "baseline", "target", "meaning"],
        [
            [
                name,
                each.value,
                each.unit,
                "" if each.spread is None else " to ".join(map(cell, each.spread)),
                "" if each.baseline is None else each.baseline,
                each.target,
                each.meaning,
            ]
            for name, each in metrics
        ],
    )


def table(content: Table) -> str:
    """A table; rows of ours stand out."""
    head = "".join(f"<th>{escape(column)}</th>" for column in content.columns)
    rows = "".join(
        f'<tr class="{"ours" if OURS in str(row[0]) else ""}">'
        f"{''.join(f'<td>{escape(cell(value))}</td>' for value in row)}</tr>"
        for row in content.rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
