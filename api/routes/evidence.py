"""What is kept of violations: pictures and clips."""

from argusd.scheduler.contract import errors
from argusd.scheduler.contract.evidence.records import ChainView, Evidence, EvidenceList

from ..evidence.routes import check_chain, get_clip, get_evidence, get_snapshot, list_evidence
from ..http.route import Route

EVIDENCE_ERRORS = (errors.SessionNotFound, errors.EvidenceNotFound, errors.StoreUnavailable)

EVIDENCE_ROUTES = (
    Route(
        "GET",
        "/sessions/{session_id}/evidence",
        list_evidence,
        {200: EvidenceList},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
        way="holder",
    ),
    Route(
        "GET",
        "/sessions/{session_id}/evidence/chain",
        check_chain,
        {200: ChainView},
        refusals=(errors.SessionNotFound, errors.StoreUnavailable),
        way="holder",
    ),
    Route(
        "GET",
        "/sessions/{session_id}/evidence/{evidence_id}",
        get_evidence,
        {200: Evidence},
        refusals=EVIDENCE_ERRORS,
        way="holder",
    ),
    *(
        Route(
            "GET",
            f"/sessions/{{session_id}}/evidence/{{evidence_id}}/{part}",
            handler,
            {200: content_type},
            refusals=(*EVIDENCE_ERRORS, errors.EvidencePending),
            way="holder",
        )
        for part, handler, content_type in (
            ("snapshot", get_snapshot, "image/jpeg"),
            ("clip", get_clip, "video/webm"),
        )
    ),
)
