"""What a word on the command line may be.

Each function is an argparse ``type``, or makes one: it gives the value, or says in words what it may be. So
all words are checked before anything starts.
"""

import argparse
import os
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NoReturn

from argusd.scheduler.contract.names import IN_WORDS, NAME, did_you_mean
from argusd.scheduler.contract.quantities import HIGHEST_PORT

SAMPLE = "sample"  # the clip that comes along
A_YEAR_S = 366 * 24 * 3600  # who asks for more has mistaken the unit, and timers overflow far above


def port(text: str) -> int:
    """A port that something can be served on."""
    return whole(1, HIGHEST_PORT)(text)


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A whole number from ``least`` on, up to ``most``."""

    def read(text: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]{1,15}", text):
            value = int(text)
            if least <= value and (most is None or value <= most):
                return value
        refuse(f"a whole number from {least} {'on' if most is None else f'to {most}'}", text)

    return read


def wholes(text: str) -> list[int]:
    """``1,4,16``: whole numbers from 1 on."""
    return [whole(1)(word) for word in words(text)] or refuse("whole numbers with commas between", text)


def words(text: str) -> list[str]:
    """``a,b,c``; nothing is none."""
    return [word.strip() for word in text.split(",") if word.strip()]


def words_of(known: Collection[str]) -> Callable[[str], list[str]]:
    """``a,b,c``, each of them one of those that are known."""

    def read(text: str) -> list[str]:
        found = words(text) or refuse(f"one or more of {', '.join(known)}", text)
        for word in found:
            if word not in known:
                raise argparse.ArgumentTypeError(
                    f"there is no {word}{did_you_mean(word, known)} There are {', '.join(known)}"
                )
        return found

    return read


def amount(text: str) -> float:
    """A number above 0, of hours, minutes or seconds."""
    return _number(text) or refuse(f"a number above 0, up to {A_YEAR_S}", text)


def number_from_0(text: str) -> float:
    """A number from 0 on."""
    found = _number(text)
    return refuse(f"a number from 0 to {A_YEAR_S}", text) if found is None else found


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= A_YEAR_S else None  # NaN lies nowhere


def addresses(text: str) -> str:
    """A daemon's address, or those of several hosts with commas between."""
    from argusd.interviewer_bridge.addresses import Addresses  # with it comes what no process needs: aiohttp

    try:
        Addresses(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return text


def session_id(text: str) -> str:
    """A session's name."""
    return text if re.match(NAME, text) else refuse(IN_WORDS, text)


def path(text: str) -> Path:
    """A path, whether something is there or not."""
    return Path(text) if text.strip() else refuse("a path", text)


def event_id(text: str) -> str:
    """An event's id, as far as a header takes it; the daemon knows which there are."""
    return text if re.fullmatch("[!-~]*", text) else refuse("the id of an event", text)


def existing(text: str) -> Path:
    """A file or a folder that is there."""
    found = path(text)
    return found if os.path.exists(found) else refuse("a file or folder that is there", text)


def existing_file(text: str) -> Path:
    """A file, or a pipe, that is there."""
    found = path(text)
    there = os.path.exists(found) and not os.path.isdir(found)
    return found if there else refuse("a file that is there", text)


def playable(text: str) -> str:
    """``sample``, a file that is there, or an address, of which FFmpeg says later what it is."""
    return text if text == SAMPLE or "://" in text else str(existing_file(text))


def new_file(text: str) -> Path:
    """A file that can be written: its folder is there and takes files."""
    found = path(text)
    there = os.path.exists(found)
    if os.path.isdir(found) or not os.access(found if there else found.absolute().parent, os.W_OK):
        refuse("a file that can be written", text)
    return found


def unused_path(text: str) -> Path:
    """A file that can be written, and is not there yet."""
    return refuse("a new file", text) if os.path.lexists(path(text)) else new_file(text)


FILES = (path, existing, existing_file, playable, new_file, unused_path)
"""Those that read the name of a file: shells complete them."""


def refuse(wanted: str, text: str) -> NoReturn:
    """Say what a word must be."""
    raise argparse.ArgumentTypeError(f"must be {wanted}, not {text!r}")
