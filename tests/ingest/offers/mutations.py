"""Offers as a confused or hostile sender might write them: real ones, changed at random."""

import random
from collections.abc import Sequence

JUNK = (
    "",
    " ",
    ":",
    "=",
    "/",
    "\x00",
    "é",
    "-1",
    "0",
    "15",
    "65536",
    "4294967296",
    "9" * 40,
    "x" * 300,
    "m=",
    "a=",
    "\r",
    "a=mid:0",
    "a=bundle-only",
    "a=inactive",
    "a=group:BUNDLE",
    "a=setup:passive",
    "a=ice-lite",
    "a=candidate:1 1 udp 1 ::1 9 typ host",
    "a=candidate:1 1 udp 1 fe80::1%1 9 typ host",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "m=video 0 RTP/AVP 96",
)


def mutate(offers: Sequence[str], dice: random.Random) -> str:
    """One of the offers after one to six changes of its lines or characters."""
    lines = dice.choice(offers).splitlines()
    for _ in range(dice.randint(1, 6)):
        dice.choice(CHANGES)(lines, offers, dice)
        lines = lines or [""]
    text = dice.choice(("\r\n", "\r\n", "\n", "\r")).join(lines)
    return text[: dice.randrange(len(text) + 1)] if dice.random() < 0.05 else text


def drop(lines: list[str], _offers: Sequence[str], dice: random.Random) -> None:
    del lines[dice.randrange(len(lines))]


def drop_kind(lines: list[str], _offers: Sequence[str], dice: random.Random) -> None:
    """All lines of one attribute."""
    kind = dice.choice(lines).partition(":")[0]
    lines[:] = [line for line in lines if not line.startswith(kind)]


def repeat(lines: list[str], _offers: Sequence[str], dice: random.Random) -> None:
    lines.insert(dice.randrange(len(lines) + 1), dice.choice(lines))


def move(lines: list[str], _offers: Sequence[str], dice: random.Random) -> None:
    lines.insert(dice.randrange(len(lines)), lines.pop(dice.randrange(len(lines))))


def borrow(lines: list[str], offers: Sequence[str], dice: random.Random) -> None:
    """A line of another offer."""
    lines.insert(dice.randrange(len(lines) + 1), dice.choice(dice.choice(offers).splitlines()))


def splice(lines: list[str], offers: Sequence[str], dice: random.Random) -> None:
    """The rest of another offer."""
    other = dice.choice(offers).splitlines()
    lines[dice.randrange(len(lines)) :] = other[dice.randrange(len(other)) :]


def spoil(lines: list[str], _offers: Sequence[str], dice: random.Random) -> None:
    """A few characters of a line."""
    at = dice.randrange(len(lines))
    line = lines[at]
    start = dice.randrange(len(line) + 1)
    lines[at] = line[:start] + dice.choice(JUNK) + line[start + dice.randint(0, 3) :]


def exchange(lines: list[str], _offers: Sequence[str], dice: random.Random) -> None:
    """A word of a line by a word of another one."""
    at = dice.randrange(len(lines))
    words, others = lines[at].split(" "), dice.choice(lines).split(" ")
    words[dice.randrange(len(words))] = dice.choice((*others, *JUNK))
    lines[at] = " ".join(words)


CHANGES = (drop, drop_kind, repeat, move, borrow, splice, spoil, spoil, exchange, exchange)
