"""Speech by time: of all seconds that were labelled, those that were told rightly, falsely, and missed."""

from ...harness import Metric, Table
from ..figures.spans import Times
from ..found import Found


class Speech:
    """Adds up files. Shares of time have no interval: seconds of one voice do not stand for others'."""

    def __init__(self, part: str) -> None:
        self.part = part
        self._files: dict[str, Times] = {}

    def add(self, file: str, times: Times | None) -> None:
        """Take one file's; None: nothing of it was judged."""
        if times is not None:
            self._files[file] = times

    def found(self) -> Found:
        """Precision and recall of the time, and the times of each file."""
        total = Times(0.0, 0.0, 0.0)
        for times in self._files.values():
            total = total.plus(times)
        told_s, there_s = total.right_s + total.false_s, total.right_s + total.missed_s
        about = f"of {there_s:.0f} s of speech {total.right_s:.0f} told, {total.false_s:.1f} s falsely"
        shares = {"precision": (total.right_s, told_s), "recall": (total.right_s, there_s)}
        name = f"{self.part}.speech_detected"
        metrics = {
            f"{name}_time_{kind}": Metric(part / of, "", f"by time; {about}")
            for kind, (part, of) in shares.items()
            if of
        }
        rows: list[list[str | float]] = [
            [file, *(round(seconds, 2) for seconds in times)] for file, times in self._files.items()
        ]
        table = Table(f"{name}, seconds", ["file", "right", "false", "missed"], rows)
        return Found(metrics=metrics, tables=[table] if rows else [])
