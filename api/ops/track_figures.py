"""The figures of all tracks that arrive now, by kind and codec: no label grows with the sessions."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from argusd.scheduler.contract.sessions import TrackView

from ..sessions.registry import Registry
from ..sessions.session import track_views
from ..sessions.tracks import Receptions

# Of the shorter side; a size in between counts with the next larger one.
USUAL_HEIGHTS = (180, 360, 480, 720, 1080, 1440, 2160)
LARGER = "larger"


def track_figures(registry: Registry, receptions: Receptions) -> Iterator[Metric]:
    """The tracks of the sessions that have media."""
    tracks = [track for session in registry for track in track_views(session, receptions)]
    yield counted(
        "ml_tracks",
        "Tracks of sessions with media",
        ("kind", "codec", "state"),
        ((track.kind, track.codec or "none", track.state) for track in tracks),
    )
    arriving = [track for track in tracks if track.codec is not None]
    yield counted(
        "ml_tracks_with_clock",
        "Tracks whose sender tells the time",
        ("kind",),
        ((track.kind,) for track in arriving if track.has_clock),
    )
    yield counted(
        "ml_video_tracks",
        "Video tracks by the height of their pictures",
        ("height",),
        ((usual_height(track.width, track.height),) for track in arriving if track.width and track.height),
    )
    bitrate: Counter[tuple[str, ...]] = Counter()
    for track in arriving:
        bitrate[track.kind, track.codec or ""] += track.bits_per_second or 0
    yield gauge("ml_track_bits_per_second", "Media of all tracks", ("kind", "codec"), bitrate)
    yield spread("ml_track_frames_per_second", "Pictures", arriving, lambda t: t.frames_per_second, min)
    yield spread("ml_track_loss_ratio", "Packets lost on the way", arriving, lambda t: t.loss, max)
    yield spread("ml_track_jitter_ms", "Interarrival jitter", arriving, lambda t: t.jitter_ms, max)
    yield spread("ml_track_round_trip_ms", "To senders and back", arriving, lambda t: t.round_trip_ms, max)


def usual_height(width: int, height: int) -> str:
    """A label of few values for a picture's size."""
    shorter = min(width, height)
    return next((str(usual) for usual in USUAL_HEIGHTS if shorter <= usual), LARGER)


def counted(name: str, what: str, labels: Sequence[str], found: Iterable[tuple[str, ...]]) -> Metric:
    """How often each combination of label values is found."""
    return gauge(name, what, labels, Counter(found))


def gauge(name: str, what: str, labels: Sequence[str], values: Counter[tuple[str, ...]]) -> Metric:
    """One family, with a value for each combination of label values."""
    family = GaugeMetricFamily(name, what, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family


def spread(
    name: str,
    what: str,
    tracks: Iterable[TrackView],
    figure: Callable[[TrackView], float | None],
    worst: Callable[[Sequence[float]], float],
) -> Metric:
    """The mean and the worst of a figure over the tracks of each kind that have it."""
    values: dict[str, list[float]] = {}
    for track in tracks:
        value = figure(track)
        if value is not None:
            values.setdefault(track.kind, []).append(value)
    family = GaugeMetricFamily(name, what, labels=("kind", "of"))
    for kind, each in values.items():
        family.add_metric((kind, "mean"), sum(each) / len(each))
        family.add_metric((kind, "worst"), worst(each))
    return family
