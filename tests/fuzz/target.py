"""What is fuzzed: a function of bytes that a stranger could send, which raises where they do harm.

A target's module registers it; ``TARGETS`` has them all once ``targets.py`` was imported. What may be refused
is caught by the target itself, so whatever gets out is a finding.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

CORPUS = Path(__file__).parent / "corpus"

Run = Callable[[bytes], None]


class Target(NamedTuple):
    """``seeds``: valid inputs, which mutations begin from."""

    name: str
    run: Run
    seeds: Callable[[], Sequence[bytes]]

    @property
    def found(self) -> Path:
        """The folder of inputs that did harm once."""
        return CORPUS / self.name


TARGETS: dict[str, Target] = {}


def fuzzes(name: str, seeds: Callable[[], Sequence[bytes]]) -> Callable[[Run], Run]:
    """Register the function below as a target."""

    def register(run: Run) -> Run:
        TARGETS[name] = Target(name, run, seeds)
        return run

    return register


def pieces(data: bytes) -> Iterator[bytes]:
    """An input that stands for several: each after its length in two bytes."""
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : end]
        at = end


def joined(parts: Sequence[bytes]) -> bytes:
    """The input of which these are the pieces."""
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


EDGES = (
    b"",
    b"\0",
    b"\xff",
    b"\0\0",
    b"\xff\xff",
    b"\x7f\xff\xff\xff",
    b"\x80\0\0\0",
    b"\xff" * 8,
    b"\0" * 40,
)


def mutated(seeds: Sequence[bytes], number: int) -> bytes:
    """The mutation of this number: the same in every run."""
    dice = Random(number)
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        at = dice.randrange(len(data) + 1)
        end = min(len(data), at + dice.choice((0, 1, 1, 2, 4, 16)))
        match dice.randrange(6):
            case 0:
                data[at:end] = dice.randbytes(end - at)
            case 1:
                data[at:end] = dice.choice(EDGES)
            case 2:
                data[at:end] = data[at:end] * dice.choice((2, 3, 50))
            case 3:
                other = dice.choice(seeds)
                start = dice.randrange(len(other) + 1)
                data[at:end] = other[start : start + dice.choice((1, 4, 16, 200))]
            case 4 if at < len(data):
                data[at] ^= 1 << dice.randrange(8)
            case _:
                del data[at : dice.choice((end, len(data)))]
    return bytes(data)
