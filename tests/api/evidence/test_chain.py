"""The chain of hashes: whatever is changed, taken out or put in shows."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.api.evidence.chain import broken_links, chain_of, hash_of, sealed
from argusd.scheduler.contract.evidence.records import Evidence, Snapshot, Violation

PHONE = Violation("objects", "phone_detected", "warning", 0.9, 1_700_000_000.0, 40.0, {"media_s": 3.5})
PICTURE = Snapshot("ab" * 32, 1000, 640, 360, 1_700_000_000.0, 12.5)


def chain(length: int) -> list[Evidence]:
    links: list[Evidence] = []
    for number in range(length):
        evidence = Evidence(
            evidence_id=f"{number:032x}",
            session_id="s1",
            state="ready",
            created_at=1_700_000_000.0 + number,
            violation=PHONE,
            policy_version=1,
            policy={"economy": False},
            snapshot=PICTURE,
        )
        links.append(sealed(evidence, links[-1] if links else None))
    return links


def stored(links: list[Evidence]) -> list[Evidence]:
    """As they come back from the store."""
    return msgspec.json.decode(msgspec.json.encode(links), type=list[Evidence])


def test_a_chain_is_whole_as_it_was_made_and_as_it_was_stored() -> None:
    links = chain(4)
    assert broken_links(links) == broken_links(stored(links)) == {}
    assert [link.position for link in links] == [1, 2, 3, 4]
    assert [link.previous for link in links] == ["", *(link.hash for link in links[:-1])]


@given(st.integers(0, 3), st.sampled_from(["violation", "policy", "snapshot", "created_at"]))
def test_a_changed_record_shows(at: int, field: str) -> None:
    links = chain(4)
    changes = {
        "violation": msgspec.structs.replace(PHONE, confidence=0.1),
        "policy": {"economy": True},
        "snapshot": None,
        "created_at": 0.0,
    }
    links[at] = msgspec.structs.replace(links[at], **{field: changes[field]})
    assert broken_links(links) == {links[at].evidence_id: "its record was changed"}


@given(st.integers(0, 2))
def test_a_changed_record_with_a_hash_that_fits_shows_in_the_next_one(at: int) -> None:
    links = chain(4)
    forged = msgspec.structs.replace(links[at], state="failed")
    links[at] = msgspec.structs.replace(forged, hash=hash_of(forged))
    assert list(broken_links(links)) == [links[at + 1].evidence_id]


@pytest.mark.parametrize("at", range(3))
def test_a_record_that_is_missing_shows_in_the_next_one(at: int) -> None:
    links = chain(4)
    del links[at]
    assert list(broken_links(links)) == [links[at].evidence_id]


def test_what_is_not_finished_is_in_no_chain() -> None:
    links = chain(2)
    pending = msgspec.structs.replace(links[0], position=0, hash="", state="pending")
    assert chain_of([links[1], pending, links[0]]) == links


def test_a_record_of_an_earlier_release_hashes_as_it_did() -> None:
    (earlier,) = chain(1)
    assert "seen_at" not in msgspec.json.decode(msgspec.json.encode(earlier))
    assert hash_of(earlier) == "763c608eff1da38607041907fbbed57ff46dae34f03ace90a6bc1c041f97f3ba"
