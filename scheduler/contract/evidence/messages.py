"""What the recorder says and hears on ``evidence.sock``; the api connects to it.

The api owns what is to be watched and what is kept: on every connection it sends all of it again. The
recorder owns the files. It does each capture once, however often it is asked for, and tells again what came
of it.
"""

import msgspec

from ..media_key import MediaKey
from ..policy import EvidencePolicy
from .records import Clip, Snapshot

ASKED_WITHIN_S = 30.0
"""What a recorder is asked for later than that after its start was another life's to do, and is lost."""


class WatchSession(msgspec.Struct, frozen=True, tag="watch_session"):
    """Api → recorder: remember the last seconds of this session's media, where its policy wants clips."""

    session_id: str
    wanted: EvidencePolicy


class SessionsListed(msgspec.Struct, frozen=True, tag="sessions_listed"):
    """Api → recorder, once on every connection: these are all that are watched."""


class Capture(msgspec.Struct, frozen=True, tag="capture"):
    """Api → recorder: a violation has started in these media; keep what ``wanted`` says.

    ``started_at``: unix seconds of this host when that was heard of. ``seen_at``: of the picture that is
    wanted, as its ``Snapshot.captured_at`` tells it; None: the newest. Answered by ``Captured``; with
    ``wanted.snapshot`` and a clip to come by ``SnapshotTaken`` before.
    """

    evidence_id: str
    media: MediaKey
    started_at: float
    wanted: EvidencePolicy
    seen_at: float | None = None


class ForgetSession(msgspec.Struct, frozen=True, tag="forget_session"):
    """Api → recorder: remove all that is kept of the session. Answered by ``SessionForgotten``."""

    session_id: str


class SnapshotTaken(msgspec.Struct, frozen=True, tag="snapshot_taken", tag_field="message"):
    """Recorder → api: the picture is there, the clip is not yet."""

    evidence_id: str
    snapshot: Snapshot


class Captured(msgspec.Struct, frozen=True, tag="captured", tag_field="message"):
    """Recorder → api: what came of a capture; ``reason`` is empty where all of it is there."""

    evidence_id: str
    snapshot: Snapshot | None
    clip: Clip | None
    reason: str = ""


class SessionForgotten(msgspec.Struct, frozen=True, tag="session_forgotten", tag_field="message"):
    """Recorder → api: nothing of the session is kept any more."""

    session_id: str


class RecorderStats(msgspec.Struct, frozen=True, tag="recorder_stats", tag_field="message"):
    """Recorder → api, every second. ``stored``: the sessions that it has files of.

    ``nbytes``: of all files. ``full``: there is no room for more. ``at_work``: captures that are not over.
    """

    stored: list[str]
    nbytes: int
    full: bool
    at_work: int


ToRecorder = WatchSession | SessionsListed | Capture | ForgetSession
FromRecorder = SnapshotTaken | Captured | SessionForgotten | RecorderStats
