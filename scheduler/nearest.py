"""The known name that a misspelt one most likely means."""

import difflib
import re
from collections.abc import Iterable

ALIKE = 0.6  # difflib's ratio
LONGEST = 64  # characters of a name that are looked at; nobody's name is longer


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that ``name`` is likest to, or is a part of; None where none is like it."""
    by_plain = {plain(each): each for each in reversed(list(known))}
    asked = plain(name[:LONGEST])
    if close := difflib.get_close_matches(asked, by_plain, 1, ALIKE):
        return by_plain[close[0]]
    parts = set(asked.split("_"))
    sharing = [each for each in by_plain if asked and (parts <= set(each.split("_")))]
    return by_plain[sharing[-1]] if sharing else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a clause about an unknown name: a question where one is near, a full stop where none is."""
    found = nearest(name, known)
    return f"; did you mean {found}?" if found else "."


def plain(name: str) -> str:
    """In small letters, its words apart by underscores: ``imageB64`` and ``Image-B64`` are ``image_b64``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\s.\-]+", "_", apart).lower()
