"""Tables as people read them: in columns, as wide as the window. Pure text, but for ``window``."""

import shutil
import sys
from collections.abc import Mapping, Sequence

GAP = "  "
CUT = "…"


def window() -> int | None:
    """How many columns stdout shows; None where it is no terminal and everything has room."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def table(
    head: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, give: Mapping[str, int]
) -> list[str]:
    """A line for the head and one for each row.

    ``width``: columns of the window; None for as many as it takes. ``give``: which columns become narrower
    where it is too narrow, in this order, and down to which width: 0 leaves a column out. What is still too
    long is cut at its end.
    """
    widths = [max(map(len, cells)) for cells in zip(head, *rows, strict=True)]
    if width is not None:
        _narrow(widths, [head.index(name) for name in give], list(give.values()), width)
    lines = [
        GAP.join(cut(cell, wide).ljust(wide) for cell, wide in zip(row, widths, strict=True) if wide)
        for row in (head, *rows)
    ]
    return [cut(line.rstrip(), width) for line in lines]


def _narrow(widths: list[int], columns: list[int], least: list[int], width: int) -> None:
    for column, narrowest in zip(columns, least, strict=True):
        excess = _length(widths) - width
        if excess > 0 and widths[column] > narrowest:
            widths[column] = max(narrowest, widths[column] - excess) if narrowest else 0


def _length(widths: Sequence[int]) -> int:
    shown = [wide for wide in widths if wide]
    return sum(shown) + len(GAP) * (len(shown) - 1)


def cut(text: str, width: int | None) -> str:
    """The text, or as much of its beginning as fits."""
    return text if width is None or len(text) <= width else text[: max(0, width - 1)] + CUT
