"""A report as comma-separated values (RFC 4180), a line a violation, for spreadsheets."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

from argusd.scheduler.contract.reviews.report import Report, Reported

COLUMNS = (
    "session_id",
    "seq",
    "stream",
    "violation",
    "severity",
    "confidence",
    "started_at",
    "ended_at",
    "duration_s",
    "evidence_id",
    "review",
    "reviewer",
    "reviewed_at",
    "comment",
)
# A spreadsheet takes a cell that begins so for a formula, and some look behind spaces or take wide letters;
# what people write is to stay what it is.
FORMULAS = tuple("=+-@＝＋－＠")


def table(report: Report) -> str:
    """The report's violations, in the order of their starts, below a line of the columns' names."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for violation in report.violations:
        lines.writerow([as_text(cell) for cell in cells(report.session_id, violation)])
    return text.getvalue()


def cells(session_id: str, violation: Reported) -> Iterator[object]:
    """One line, in the order of the columns; what there is not is None."""
    yield session_id
    yield from (violation.seq, violation.stream, violation.name, violation.severity, violation.confidence)
    yield from (moment(violation.started_at), moment(violation.ended_at), violation.duration_s)
    yield violation.evidence_id
    review = violation.review
    yield from (review.state, review.reviewer, moment(review.at), review.comment) if review else (None,) * 4


def moment(unix_s: float | None) -> str | None:
    """A time as ISO 8601 has it, in UTC."""
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC).isoformat(timespec="milliseconds")


def as_text(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if isinstance(cell, str) and text.lstrip().startswith(FORMULAS) else text
