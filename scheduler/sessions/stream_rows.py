"""The rows of demand behind streams: which role looks for whom, and each session's share of the service.

A stream that wants a role which looks for another one of its session already joins that row; the row goes on
with whoever is left of those that it feeds.

Rows and model slots are used again by other sessions. A row that a batch holds at that moment is given back
when the batch is over, never before, so that nothing of one session reaches another.
"""

from collections.abc import Callable, Iterable

from ..contract.catalog import share_looks
from ..contract.media_key import MediaKey
from ..loaded.loaded_model import LoadedModel
from ..media.arrivals import Arrivals
from ..media.tracks import Track
from ..planning.demand import Demand
from .session_stream import DemandRow, SessionStream


class StreamRows(dict[int, DemandRow]):
    """All rows by their index in the demand; only the methods here add and remove them.

    ``loaded``: (role, model) by model number, the numbers that ``Demand.model`` holds. ``arrivals``: what is
    new in their rings.
    """

    def __init__(
        self,
        demand: Demand,
        loaded: list[tuple[str, LoadedModel]],
        max_age_s: float,
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        self.arrivals = Arrivals(demand)
        self._demand = demand
        self._loaded = loaded
        self._max_age_s = max_age_s
        self._clock = clock
        self._shares: dict[MediaKey, tuple[int, int]] = {}

    def enter(self, media: MediaKey, weight: float) -> None:
        """Have a share of the service for one more of the session's streams; ``leave`` gives it back."""
        if media not in self._shares:
            self._shares[media] = (self._demand.shares.join(weight), 0)
        self._hold(media)

    def reweigh(self, media: MediaKey, weight: float) -> None:
        """Serve the session, if it is served, by another weight."""
        if held := self._shares.get(media):
            self._demand.shares.reweigh(held[0], weight)

    def fit(self, stream: SessionStream, others: Iterable[SessionStream]) -> None:
        """Have one row look for each role that the stream wants and some model fills, and no other row.

        ``others``: the streams of its session.
        """
        rates = stream.analyzer.rates
        for row in tuple(stream.rows):
            if row.role in rates:
                self._demand.retime(row.index, row.period, self._clock())
            else:
                self._part(stream, row)
        looking = stream.models
        shared = _shared(stream, others)
        for model, (role, loaded) in enumerate(self._loaded):
            if role in rates and role not in looking:
                if role in shared:
                    self._join(stream, shared[role])
                else:
                    self._add(stream, role, model, loaded)

    def follow(self, stream: SessionStream, track: Track) -> None:
        """Read the ring that the stream's track has now."""
        for row in stream.rows:
            if row.feed.track is track and row.stream is stream:
                self._follow(row)

    def leave(self, stream: SessionStream) -> None:
        """The stream is over."""
        for row in tuple(stream.rows):
            self._part(stream, row)
        self._release(stream.media)

    def is_over(self, index: int) -> None:
        """The batch that held this row came back; give the row back if it ended meanwhile."""
        if self[index].ended:
            self._drop(self[index])

    def _join(self, stream: SessionStream, row: DemandRow) -> None:
        row.join(stream)
        stream.rows.append(row)
        self._demand.retime(row.index, row.period, self._clock())

    def _part(self, stream: SessionStream, row: DemandRow) -> None:
        row.leave(stream)
        stream.rows.remove(row)
        if not row.ended:
            self._demand.retime(row.index, row.period, self._clock())
            return
        self._demand.deactivate(row.index)
        if not self._demand.busy[row.index]:
            self._drop(row)

    def _add(self, stream: SessionStream, role: str, model: int, loaded: LoadedModel) -> None:
        feed = loaded.open(role, stream.tracks, self._max_age_s)
        index = self._demand.add_stream(
            self._hold(stream.media),
            model,
            period=loaded.period(stream.analyzer.rates[role]),
            max_age=feed.max_age,
            due=self._clock(),
            priority=loaded.priority,
        )
        row = self[index] = DemandRow(index, stream, role, loaded, feed)
        stream.rows.append(row)
        self._follow(row)

    def _follow(self, row: DemandRow) -> None:
        self._demand.advance(row.index, row.feed.follow())
        self.arrivals.follow(row.index, row.feed.track.ring, row.loaded.window)

    def _drop(self, row: DemandRow) -> None:
        row.feed.close()
        self.arrivals.forget(row.index)
        self._demand.remove(row.index)
        del self[row.index]
        self._release(row.stream.media)

    def _hold(self, media: MediaKey) -> int:
        """The session's share, held by each of its streams and rows."""
        share, holders = self._shares[media]
        self._shares[media] = (share, holders + 1)
        return share

    def _release(self, media: MediaKey) -> None:
        share, holders = self._shares[media]
        if holders > 1:
            self._shares[media] = (share, holders - 1)
        else:
            del self._shares[media]
            self._demand.shares.leave(share)


def _shared(stream: SessionStream, others: Iterable[SessionStream]) -> dict[str, DemandRow]:
    """The rows of other streams that it may join, by role."""
    name = stream.analyzer.name
    lenders = (other for other in others if share_looks(name, other.analyzer.name))
    return {row.role: row for lender in lenders for row in lender.rows}
