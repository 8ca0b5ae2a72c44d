"""How a finding becomes a piece of evidence that is still to be made, and how that ends: pure."""

import hashlib
from collections.abc import Mapping

import msgspec

from argusd.scheduler.contract.evidence.messages import Captured
from argusd.scheduler.contract.evidence.records import Evidence, Model, Violation
from argusd.scheduler.contract.messages import Finding, Latest
from argusd.scheduler.contract.policy import EvidencePolicy, without_references

from ..sessions.session import SessionRecord


def evidence_id_of(finding: Finding) -> str:
    """The id of a finding's evidence: the same whenever the finding comes, and told to nobody before."""
    return hashlib.sha256(f"{finding.boot}:{finding.number}".encode()).hexdigest()[:32]


def is_kept(finding: Finding, wanted: EvidencePolicy) -> bool:
    """Whether evidence of this finding is wanted: it begins a violation."""
    return (finding.type, finding.state) == ("violation", "start") and wanted.asks


def pending(
    finding: Finding,
    record: SessionRecord,
    latest: Latest | None,
    hashes: Mapping[str, str],
    now: float,
    host_id: str | None,
) -> Evidence:
    """What is known of a violation when it starts; nothing is made yet.

    ``latest``: its stream's newest result. ``hashes``: the SHA-256 of models' files, by name. ``host_id``: of
    one of several hosts.
    """
    models = latest.models if latest else {}
    return Evidence(
        evidence_id=evidence_id_of(finding),
        session_id=finding.media.session_id,
        created_at=now,
        violation=Violation(
            finding.stream,
            finding.name,
            finding.severity,
            finding.confidence,
            finding.captured_at,
            finding.frame_age_ms,
            {**finding.data, "media_s": finding.media_s},
        ),
        models={role: Model(name, hashes.get(name, "")) for role, name in models.items()},
        policy_version=record.version,
        policy=msgspec.to_builtins(without_references(record.spec.policy)),
        seen=latest.data if latest else {},
        seen_at=latest.captured_at if latest else msgspec.UNSET,
        seen_age_ms=latest.frame_age_ms if latest else msgspec.UNSET,
        host_id=host_id,
    )


def finished(evidence: Evidence, captured: Captured) -> Evidence:
    """The evidence with what came of its capture."""
    return msgspec.structs.replace(
        evidence,
        state="failed" if captured.reason else "ready",
        reason=captured.reason,
        snapshot=captured.snapshot or evidence.snapshot,
        clip=captured.clip,
    )
