"""Whether a session's evidence is as it was when it was finished."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.evidence.records import (
    BrokenEvidence,
    ChainView,
    Clip,
    Evidence,
    Part,
    Snapshot,
    file_of,
)

from .chain import broken_links, not_as_told


async def verified(
    chain: Sequence[Evidence], told: Mapping[str, str], state_dir: Path, host_id: str | None
) -> ChainView:
    """A chain, held against the hashes that events ``told`` and against its files on this host."""
    broken = not_as_told(chain, told) | broken_links(chain)
    here = [each for each in chain if each.host_id == host_id]
    for each in here:
        wrong = await asyncio.to_thread(changed_files, each, state_dir)
        if wrong:
            broken.setdefault(each.evidence_id, wrong)
    return ChainView(
        intact=not broken,
        length=len(chain),
        head=chain[-1].hash if chain else None,
        broken=[BrokenEvidence(evidence_id, why) for evidence_id, why in broken.items()],
        files_elsewhere=[each.evidence_id for each in chain if each not in here],
    )


def told_hashes(events: Iterable[Event]) -> dict[str, str]:
    """The hashes of finished evidence by its ids, as a session's events tell them."""
    finished = (each.data for each in events if (each.type, each.name) == ("session", "evidence"))
    return {data["evidence_id"]: data["hash"] for data in finished}


def changed_files(evidence: Evidence, state_dir: Path) -> str:
    """What is wrong with the files of this evidence; empty where nothing is."""
    parts: dict[Part, Snapshot | Clip | None] = {"snapshot": evidence.snapshot, "clip": evidence.clip}
    for part, made in parts.items():
        path = file_of(state_dir, evidence.session_id, evidence.evidence_id, part)
        if made is not None and not path.is_file():
            return f"its {part} is missing"
        if made is not None and hashlib.sha256(path.read_bytes()).hexdigest() != made.sha256:
            return f"its {part} was changed"
    return ""
