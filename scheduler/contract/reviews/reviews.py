"""A violation's review."""

from typing import Annotated, Literal

import msgspec

ReviewState = Literal["open", "acknowledged", "dismissed"]

MOST_COMMENT = 2000
Comment = Annotated[str, msgspec.Meta(max_length=MOST_COMMENT)]
Reviewer = Annotated[str, msgspec.Meta(max_length=128)]


class ReviewBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of ``PUT /sessions/{session_id}/reviews/{seq}``: all that the review says from now on.

    ``acknowledged``: it was what the violation says; ``dismissed``: it was not; ``open``: nobody has decided.
    ``reviewer``: who says so, as they call themselves; nobody checks that.
    """

    state: ReviewState
    comment: Comment = ""
    reviewer: Reviewer = ""


class Review(ReviewBody, frozen=True, kw_only=True):
    """A violation's review. ``seq``: of the event that started it. ``at``: unix seconds."""

    seq: int
    at: float


class ReviewList(msgspec.Struct, frozen=True):
    """The body of ``GET /sessions/{session_id}/reviews``, by ``seq``."""

    session_id: str
    reviews: list[Review]
