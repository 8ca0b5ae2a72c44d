"""``/sessions/{id}/evidence``: what is kept of a session's violations."""

import asyncio

from aiohttp import web

from argusd.scheduler.contract.errors import EvidenceNotFound, EvidencePending
from argusd.scheduler.contract.evidence.records import Evidence, EvidenceList, Part, file_of

from ..context import CONTEXT
from ..http.envelope import json_reply
from .chain import chain_of
from .verification import told_hashes, verified

ANSWER_S = 30.0


async def list_evidence(request: web.Request) -> web.Response:
    """List the evidence of a session's violations, oldest first."""
    context = request.app[CONTEXT]
    session_id = request.match_info["session_id"]
    await context.check_known(session_id)
    return json_reply(EvidenceList(await context.evidence.of_session(session_id)))


async def check_chain(request: web.Request) -> web.Response:
    """Check that a session's evidence is as it was when it was finished: records, files and order."""
    context = request.app[CONTEXT]
    session_id = request.match_info["session_id"]
    await context.check_known(session_id)
    # Events first: what is finished meanwhile is in the chain, and no more than that.
    told = told_hashes(await context.history.outline(session_id))
    chain = chain_of(await context.evidence.of_session(session_id))
    return json_reply(await verified(chain, told, context.config.state_dir, context.host_id))


async def get_evidence(request: web.Request) -> web.Response:
    """Show what is known of one piece of evidence: its violation, models, policy, files and hashes."""
    return json_reply(await asked_for(request))


async def get_snapshot(request: web.Request) -> web.StreamResponse:
    """Show the picture of a violation's start."""
    evidence = await asked_for(request)
    return await part(request, evidence, "snapshot", made=evidence.snapshot is not None)


async def get_clip(request: web.Request) -> web.StreamResponse:
    """Show some seconds before and after a violation's start."""
    evidence = await asked_for(request)
    return await part(request, evidence, "clip", made=evidence.clip is not None)


async def asked_for(request: web.Request) -> Evidence:
    """The evidence that the path names.

    Raises:
        SessionNotFound, EvidenceNotFound: there is none.
    """
    context = request.app[CONTEXT]
    session_id, evidence_id = request.match_info["session_id"], request.match_info["evidence_id"]
    await context.check_known(session_id)
    evidence = await context.evidence.find(session_id, evidence_id)
    if evidence is None:
        raise EvidenceNotFound("The session has no evidence with this id.")
    return evidence


async def part(request: web.Request, evidence: Evidence, name: Part, *, made: bool) -> web.StreamResponse:
    """A file of it, from the host that has it.

    Raises:
        EvidencePending: it is still being made.
        EvidenceNotFound: it is not there.
        HostUnreachable: the host that has it is away.
    """
    if not made and evidence.state == "pending":
        raise EvidencePending(f"The {name} is still being made; ask again in a moment.")
    context = request.app[CONTEXT]
    if context.door is not None and evidence.host_id not in (None, context.door.host_id):
        # It held the session when the files were made.
        return await context.door.relay.pass_on(
            await context.door.reach(evidence.host_id), request, b"", ANSWER_S
        )
    if not made:
        raise EvidenceNotFound(f"This evidence has no {name}.")
    path = file_of(context.config.state_dir, evidence.session_id, evidence.evidence_id, name)
    if not await asyncio.to_thread(path.is_file):
        raise EvidenceNotFound(f"The file of this evidence's {name} is gone from the disk.")
    return web.FileResponse(path, headers={"Cache-Control": "no-store"})
