"""What is kept of a violation, as callers see it and as it is hashed."""

from pathlib import Path
from typing import Any, Literal

import msgspec

Part = Literal["snapshot", "clip"]
"""What of a piece of evidence is a file of its own."""

SUFFIXES: dict[Part, str] = {"snapshot": ".jpg", "clip": ".webm"}
EvidenceState = Literal["pending", "ready", "failed"]


class Snapshot(msgspec.Struct, frozen=True):
    """A JPEG of the whole picture, as it was in shared memory.

    ``captured_at``: unix seconds, by the sender's clock where it told one. ``frame_age_ms``: from the
    picture's arrival until it was taken.
    """

    sha256: str
    bytes: int
    width: int
    height: int
    captured_at: float
    frame_age_ms: float


class Clip(msgspec.Struct, frozen=True):
    """A WebM of what came before the violation's start and after it.

    ``begins_at``: unix seconds when its first picture or sample arrived.
    """

    sha256: str
    bytes: int
    begins_at: float
    duration_s: float
    pictures: int
    has_sound: bool


class Model(msgspec.Struct, frozen=True):
    """A model that the finding's stream looked with; ``sha256`` of its file, empty where it has none."""

    name: str
    sha256: str = ""


class Violation(msgspec.Struct, frozen=True):
    """The start of the violation, as its event tells it."""

    stream: str
    name: str
    severity: str
    confidence: float
    captured_at: float
    frame_age_ms: float
    data: dict[str, Any]


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one violation.

    ``state``: ``pending`` while it is made, then ``ready`` or ``failed``. A failed one says why in
    ``reason``, and may have a part of what was asked for: ``overloaded`` (too many at a time), ``disk_full``,
    ``disk_failed``, ``no_media`` (there was neither picture nor sound), ``lost`` (whoever made it ended),
    ``encoder_failed``.
    ``models``: by role, those that the stream's newest result came of. ``policy``: the session's, without
    reference embeddings. ``host_id``: the host that has the files, null where there is only one.
    ``seen``: the stream's result in which the violation began: boxes are left, top, right, bottom in 0..1 of
    the picture, with ``landmarks`` where the policy asks for them; empty where there was none. ``seen_at``:
    unix seconds when that picture was captured, by the clock of ``violation.captured_at``;
    ``seen_age_ms``: from its arrival to the result; ``snapshot`` is of the nearest picture that was left.
    Both times are left out where nothing was seen, and in records of earlier releases.

    Once it is not pending any more nothing changes: ``position`` counts the session's evidence in the order
    in which it was finished, ``previous`` is the ``hash`` of the one before, and ``hash`` is the SHA-256 of
    everything else here (``api/evidence/chain.py``).
    """

    evidence_id: str
    session_id: str
    state: EvidenceState = "pending"
    reason: str = ""
    created_at: float
    violation: Violation
    models: dict[str, Model] = {}
    policy_version: int
    policy: dict[str, Any]
    seen: dict[str, Any] = {}
    seen_at: float | msgspec.UnsetType = msgspec.UNSET
    seen_age_ms: float | msgspec.UnsetType = msgspec.UNSET
    host_id: str | None = None
    snapshot: Snapshot | None = None
    clip: Clip | None = None
    position: int = 0
    previous: str = ""
    hash: str = ""


class EvidenceList(msgspec.Struct, frozen=True):
    """The body of ``GET /sessions/{session_id}/evidence``, oldest first."""

    evidence: list[Evidence]


class BrokenEvidence(msgspec.Struct, frozen=True):
    """Evidence that is not as it was when it was finished, and how that shows."""

    evidence_id: str
    reason: str


class ChainView(msgspec.Struct, frozen=True):
    """The body of ``GET /sessions/{session_id}/evidence/chain``.

    ``length``, ``head``: how much evidence is finished, and the hash of the newest, null where there is none.
    Whoever kept the session's newest event ``evidence`` sees by these that nothing was taken off the end.
    ``files_elsewhere``: evidence whose files lie on another host, and were not looked at.
    """

    intact: bool
    length: int
    head: str | None
    broken: list[BrokenEvidence]
    files_elsewhere: list[str] = []


def evidence_folder(state_dir: Path) -> Path:
    """Where all files lie, a folder for each session."""
    return state_dir / "evidence"


def file_of(state_dir: Path, session_id: str, evidence_id: str, part: Part) -> Path:
    """Where this part of a session's evidence lies; an id is no path (``names.py``)."""
    return evidence_folder(state_dir) / session_id / f"{evidence_id}{SUFFIXES[part]}"
