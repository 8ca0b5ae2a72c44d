"""Boxes as callers get them."""

from ..models.outputs import Box


def in_unit(box: Box, width: int, height: int) -> list[float]:
    """Left, top, right and bottom in 0..1 of a frame of these pixels, cut at its edges."""
    edges = (box.left / width, box.top / height, box.right / width, box.bottom / height)
    return [round(min(1.0, max(0.0, edge)), 4) for edge in edges]
