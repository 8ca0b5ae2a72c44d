"""What names look like: those that callers choose, and those of devices; and which known one a misspelt one
most likely means."""

import difflib
import re
from collections.abc import Iterable
from typing import Annotated

import msgspec

# A name is part of URLs and of keys in Redis. A path's "." and ".." are gone before they arrive (RFC 3986,
# 5.2.4). The end is where nothing follows, since "$" would also do before a line's end.
ENDS = r"(?![\s\S])"
NAME = rf"^(?!\.+{ENDS})[A-Za-z0-9_.:-]{{1,128}}{ENDS}"
IN_WORDS = "1 to 128 letters, digits or _ . : -, not just dots"
Name = Annotated[str, msgspec.Meta(pattern=NAME, description=IN_WORDS)]
# One that is checked later than its message is decoded, so that the refusal may say more.
Named = Annotated[str, msgspec.Meta(description=IN_WORDS, extra_json_schema={"pattern": NAME})]
NameStart = Annotated[
    str,
    msgspec.Meta(
        pattern=rf"^[A-Za-z0-9_.:-]{{0,128}}{ENDS}",
        description="the beginning of a session's name, up to 128 letters, digits or _ . : -",
    ),
]
# What fits a header of HTTP.
VISIBLE = "[!-~]*"
VisibleText = Annotated[
    str, msgspec.Meta(pattern=rf"^{VISIBLE}{ENDS}", description="visible ASCII characters")
]

CUDA_DEVICE = re.compile(r"cuda:(\d+)")

ALIKE = 0.6  # difflib's ratio
A_PART = 0.9  # of a likeness to one word of a longer name
SHORTEST_PART = 3
LONGEST = 64  # characters of a name that are looked at; nobody's name is longer


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is likest to ``name``, as a whole or in a part; None where none is like it."""
    asked = plain(name[:LONGEST])
    best = max(known, key=lambda each: _likeness(asked, plain(each)), default=None)
    return best if best is not None and _likeness(asked, plain(best)) >= ALIKE else None


def _likeness(asked: str, known: str) -> float:
    parts = [part for part in known.split("_") if len(part) >= SHORTEST_PART]
    return max(_ratio(asked, known), A_PART * max((_ratio(asked, part) for part in parts), default=0.0))


def _ratio(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a clause about an unknown name: a question where one is near, a full stop where none is."""
    found = nearest(name, known)
    return f"; did you mean {found}?" if found else "."


def plain(name: str) -> str:
    """In small letters, its words apart by underscores: ``imageB64`` and ``Image-B64`` are ``image_b64``."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\s.\-]+", "_", apart).lower()


def cuda_index(device: str) -> int | None:
    """The N of ``cuda:N``, as CUDA numbers the GPUs it shows; None: it is no such device."""
    named = CUDA_DEVICE.fullmatch(device)
    return int(named[1]) if named else None
