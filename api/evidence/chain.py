"""The chain of a session's evidence: each piece names the hash of the one before, so that a change shows.

What is hashed is the record itself as JSON (RFC 8785 in spirit: keys in order, no spaces, UTF-8), without its
own hash; it holds the hashes of its files. Whoever changes a record, a file, or takes one out, must change
every later hash as well, and the events that told them to others (``evidence`` of a session). A field that a
later release adds is left out of records that have none, so that those hash as before.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from argusd.scheduler.contract.evidence.records import Evidence


def hash_of(evidence: Evidence) -> str:
    """The hash that this record has, in hexadecimal digits."""
    body = msgspec.json.encode(msgspec.structs.replace(evidence, hash=""), order="sorted")
    return hashlib.sha256(body).hexdigest()


def sealed(evidence: Evidence, before: Evidence | None) -> Evidence:
    """The record as the next one of its session's chain; ``before``: the newest so far."""
    position, previous = (before.position, before.hash) if before else (0, "")
    chained = msgspec.structs.replace(evidence, position=position + 1, previous=previous)
    return msgspec.structs.replace(chained, hash=hash_of(chained))


def chain_of(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Those that are finished, in their order."""
    return sorted((each for each in evidence if each.position), key=lambda each: each.position)


def broken_links(chain: Sequence[Evidence]) -> dict[str, str]:
    """The records that are not as they were sealed, or not behind the one that they were sealed behind."""
    broken: dict[str, str] = {}
    before: Evidence | None = None
    for each in chain:
        if hash_of(each) != each.hash:
            broken[each.evidence_id] = "its record was changed"
        elif (each.position, each.previous) != ((before.position + 1, before.hash) if before else (1, "")):
            broken[each.evidence_id] = "the one before it is missing, or was changed"
        before = each
    return broken


def not_as_told(chain: Iterable[Evidence], told: Mapping[str, str]) -> dict[str, str]:
    """The records that are gone, or have another hash than their event told; ``told``: hashes by id."""
    found = {each.evidence_id: each.hash for each in chain}
    return {
        evidence_id: "its record was changed since its hash was told"
        if evidence_id in found
        else "its record is missing"
        for evidence_id, hash_told in told.items()
        if found.get(evidence_id) != hash_told
    }
