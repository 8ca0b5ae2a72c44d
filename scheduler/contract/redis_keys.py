"""The names of everything that lies in Redis. Each key of a session carries its id."""

from .catalog import STREAMS, TASKS

DOMAINS = frozenset({task.domain for task in TASKS.values()} | STREAMS.keys())
"""What a session may have a worker for."""

OLDER_SESSIONS, OLDER_MEDIA = "ml:sessions", "ml:media"
"""Hashes, session id → SessionRecord and Media (JSON), in which older daemons stored all sessions."""

LAYOUT = "ml:layout"
"""Number (string): the layout of everything here (``api/store/layout.py``)."""

NEWS = "ml:news"
"""Channel: ids of sessions, apart by spaces, of which another host has stored events."""

ALL_EVENTS = "ml:events"
"""Stream, id ``{position}-0``: fields ``s`` session id and ``q`` seq, all sessions' events in order."""

HOSTS = "ml:hosts"
"""Sorted set of the hosts that take sessions, by how many more."""

BEATS = "ml:hosts:beats"
"""Sorted set of all hosts that beat and were not buried, by when their beat is over (unix milliseconds)."""


def signing_key(name: str) -> str:
    """String: the key that session tokens of this name are signed with (``api/access/signing_keys.py``)."""
    return f"ml:access:key:{name}"


def ticket(text: str) -> str:
    """String, until it is used: what a ticket is for (``api/access/tickets.py``)."""
    return f"ml:access:ticket:{text}"


def stamp(session_id: str) -> str:
    """String: what the session's tokens and tickets carry while they are good (``api/access/stamps.py``)."""
    return f"ml:session:{session_id}:stamp"


def webhook_lease(name: str) -> str:
    """String, while it is renewed: the host that posts events to this webhook."""
    return f"ml:webhook:{name}:lease"


def webhook_place(name: str) -> str:
    """Number (string): the position in ``ALL_EVENTS`` up to which this webhook has everything."""
    return f"ml:webhook:{name}:place"


def host(host_id: str) -> str:
    """String, while the host is alive: ``Host`` (JSON)."""
    return f"ml:host:{host_id}"


def coming(host_id: str) -> str:
    """Sorted set of sessions that were placed on this host and that it has not told of, by how long they are
    awaited (unix milliseconds)."""
    return f"{host(host_id)}:coming"


def holder(session_id: str) -> str:
    """Hash: ``host`` that holds the session, ``epoch`` that counts its holders."""
    return f"ml:session:{session_id}:host"


def held(host_id: str) -> str:
    """Set of the ids of the sessions that this host holds, or held; ``host_id`` is empty on the only host."""
    return f"ml:host:{host_id}:sessions" if host_id else "ml:sessions:held"


def record(session_id: str) -> str:
    """Hash: ``spec`` what callers asked for (SessionRecord), ``media`` where its media is (Media); JSON."""
    return f"ml:session:{session_id}:record"


def events(session_id: str) -> str:
    """Stream, id ``{seq}-0``: fields ``e`` the event (JSON), ``p`` its position in ``ALL_EVENTS``."""
    return f"ml:session:{session_id}:events"


def outline(session_id: str) -> str:
    """Stream, id ``{seq}-0``: fields ``e`` the event (JSON); all events but observations' updates.

    There are few of these, so that they are kept when an interview's first events are gone.
    """
    return f"ml:session:{session_id}:outline"


def reviews(session_id: str) -> str:
    """Hash: ``seq`` of the event that started a violation → its Review (JSON)."""
    return f"ml:session:{session_id}:reviews"


def results(session_id: str) -> str:
    """Hash: ``latest:{stream}`` and ``violation:{name}`` (JSON)."""
    return f"ml:session:{session_id}:results"


def open_violations(session_id: str) -> str:
    """Hash: ``{stream}:{name}`` of a violation that goes on → OpenViolation (JSON)."""
    return f"ml:session:{session_id}:open"


def evidence(session_id: str) -> str:
    """Hash: evidence id → Evidence (JSON)."""
    return f"ml:session:{session_id}:evidence"


def unreadable(session_id: str) -> str:
    """Hash: ``{key} {field}`` of what was stored of the session and cannot be read → its bytes."""
    return f"ml:session:{session_id}:unreadable"


def unreadable_key(key: str) -> str:
    """Where a key goes that holds another type than it should."""
    return f"{key}:unreadable"


def position(origin: str) -> str:
    """Number (string) of the last entry of this origin (a scheduler's or an api's boot) that is stored."""
    return f"ml:origin:{origin}"


def room_scans(session_id: str) -> str:
    """Hash: scan id → the session's room scan under way (msgpack, see ``room_scans.py``)."""
    return f"ml:session:{session_id}:roomscans"


def affinity(session_id: str, domain: str) -> str:
    """String: the worker that the session's tasks and streams of this domain (face, audio, …) go to."""
    return f"ml:session:{session_id}:{domain}"


def of_session(session_id: str) -> list[str]:
    """All keys that may hold something of the session."""
    own = (record, events, outline, reviews, results, open_violations, room_scans, evidence)
    stored = [key(session_id) for key in own] + [affinity(session_id, domain) for domain in DOMAINS]
    return [*stored, *map(unreadable_key, stored), unreadable(session_id)]
