"""Refusals that several paths have in common."""

from argusd.scheduler.contract import errors

BODY_ERRORS = (errors.MalformedBody, errors.BodyTooLarge, errors.WrongContentType, errors.InvalidField)

EVENT_ERRORS = (
    errors.InvalidField,
    errors.TooManyReaders,
    errors.Overloaded,
    errors.Draining,
    errors.StoreUnavailable,
)
