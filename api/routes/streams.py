"""Streams: a WebSocket each."""

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.catalog import STREAMS
from argusd.scheduler.contract.streams.spec import StreamSpec

from ..http.route import Route
from ..streams.socket import SampleRate, stream_handler

STREAM_ERRORS = (
    errors.MalformedBody,
    errors.StreamActive,
    errors.SessionActive,
    errors.StreamEnded,
    errors.PictureTooLarge,
    errors.AudioTooLong,
    errors.WrongContentType,
    errors.InvalidField,
    errors.BadPicture,
    errors.BadAudio,
    errors.Overloaded,
    errors.Draining,
    errors.ArenaExhausted,
    errors.ModelUnavailable,
    errors.StoreUnavailable,
)


def stream_routes(stream: StreamSpec) -> tuple[Route, ...]:
    """The paths of one stream's WebSocket."""
    handler = stream_handler(stream)
    paths = (f"/ml/stream/{{session_id}}/{stream.name}", f"/{stream.name}/stream/{{session_id}}")
    query = {"sample_rate": SampleRate} if "audio" in stream.tracks else {}
    return tuple(
        Route(
            "GET",
            path,
            handler,
            {101: None},
            refusals=STREAM_ERRORS,
            query=query,
            way="placed",
            scope="publish",
        )
        for path in paths
    )


STREAM_ROUTES = tuple(route for stream in STREAMS.values() for route in stream_routes(stream))
