"""Tells a person what a pull is doing: a bar on a terminal, plain lines elsewhere."""

import sys
from types import TracebackType
from typing import Self, TextIO

from tqdm import tqdm


class PullProgress:
    """A context in which steps are announced as they begin."""

    def __init__(self, steps: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._steps = steps
        self._begun = 0
        terminal = self._stream.isatty()
        self._bar = tqdm(total=steps, file=self._stream, unit="step", leave=False) if terminal else None

    def begin(self, step: str) -> None:
        """Say that ``step`` begins, so that the one before it has ended."""
        self._begun += 1
        if self._bar is None:
            self._stream.write(f"[{self._begun}/{self._steps}] {step}\n")
            self._stream.flush()
            return
        self._bar.update(self._begun - 1 - self._bar.n)
        self._bar.set_postfix_str("", refresh=False)
        self._bar.set_description(step)

    def arrived(self, size: int) -> None:
        """Say how many bytes of the step's download have arrived."""
        if self._bar is not None:
            self._bar.set_postfix_str(f"{size / 1e6:.0f} MB")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
