"""Whether a session's evidence is as it was when it was finished."""

import asyncio
import hashlib
from collections.abc import Sequence
from pathlib import Path

from argusd.scheduler.contract.evidence.records import (
    BrokenEvidence,
    ChainView,
    Clip,
    Evidence,
    Part,
    Snapshot,
    file_of,
)

from .chain import broken_links


async def verified(chain: Sequence[Evidence], state_dir: Path, host_id: str | None) -> ChainView:
    """A chain, its links checked and those of its files that lie on this host."""
    broken = broken_links(chain)
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
