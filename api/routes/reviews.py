"""What people say of violations, and a session's report."""

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.reviews.queue import ReviewQueue
from argusd.scheduler.contract.reviews.report import Report
from argusd.scheduler.contract.reviews.reviews import Review, ReviewBody, ReviewList

from ..http.route import Route
from ..reviews.queue_routes import QUERY, review_queue
from ..reviews.review_routes import CSV, Seq, get_report, list_reviews, put_review
from .refusals import BODY_ERRORS

REVIEW_ROUTES = (
    Route(
        "GET",
        "/reviews",
        review_queue,
        {200: ReviewQueue},
        refusals=(errors.InvalidField, errors.StoreUnavailable),
        query=QUERY,
    ),
    Route(
        "GET",
        "/sessions/{session_id}/reviews",
        list_reviews,
        {200: ReviewList},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
    ),
    Route(
        "PUT",
        "/sessions/{session_id}/reviews/{seq}",
        put_review,
        {200: Review},
        body=ReviewBody,
        refusals=(
            *BODY_ERRORS,
            errors.SessionNotFound,
            errors.ViolationNotFound,
            errors.SessionActive,
            errors.StoreUnavailable,
        ),
        way="holder",
        scope="review",
        parts={"seq": Seq},
    ),
    Route(
        "GET",
        "/sessions/{session_id}/report",
        get_report,
        {200: (Report, CSV)},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
        way="holder",
    ),
)
