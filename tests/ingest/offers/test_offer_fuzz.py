"""Mutated real offers: each is answered consistently, or refused with a typed error; nothing is left."""

import asyncio
import gc
import logging
import random
from collections import Counter
from typing import Any

import psutil
import pytest

from argusd.ingest.ipc.messages import CloseSession, SessionRefused, SessionState
from argusd.ingest.offers.sdp import first, parse
from argusd.scheduler.contract.errors import (
    BadOffer,
    OfferNotSending,
    TooManyTracks,
    UnsupportedCodec,
    error_of,
)

from .mutations import mutate
from .test_answer import answer_to
from .test_negotiation import PRINTED

log = logging.getLogger(__name__)

OFFERS = list(PRINTED.values())


def check_answer(offer_sdp: str, answer_sdp: str) -> None:
    """Prove that the answer says nothing that does not follow from the offer (RFC 3264, RFC 9143)."""
    offer, answer = parse(offer_sdp), parse(answer_sdp)
    accepted = [section for section in answer.sections if section.port]
    assert any("recvonly" in section.attributes for section in accepted)
    for asked, said in zip(offer.sections, answer.sections, strict=True):
        assert (said.kind, said.protocol, said.mid) == (asked.kind, asked.protocol, asked.mid)
        assert set(said.formats) <= set(asked.formats)
    for section in accepted:
        assert all(map(str.isdigit, section.formats))
        assert first(section.attributes, "setup") in ("active", "passive")
        assert first(section.attributes, "ice-ufrag")
    bundle = first(answer.attributes, "group").split()[1:]
    assert sorted(bundle) == sorted(section.mid for section in accepted if bundle)


@pytest.mark.parametrize("seed", range(20))
def test_a_mutated_offer_is_answered_or_refused(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(200):
        offer = mutate(OFFERS, dice)
        try:
            answer = answer_to(offer)
        except (BadOffer, OfferNotSending, TooManyTracks, UnsupportedCodec):
            continue
        check_answer(offer, answer)


@pytest.mark.parametrize(
    "count", [400, pytest.param(100_000, marks=[pytest.mark.soak, pytest.mark.timeout(7200)])]
)
async def test_a_worker_outlives_mutated_offers_and_keeps_nothing_of_them(
    rig: Any, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "aioice")  # it tells of every check
    dice, process = random.Random(count), psutil.Process()
    outcomes: Counter[str] = Counter()

    async def settle() -> tuple[int, int]:
        closing = [task for task in asyncio.all_tasks() if "Session." in repr(task.get_coro())]
        await asyncio.gather(*closing)
        gc.collect()
        return process.num_fds(), int((rig.view.table[:, 0] != 0).sum())

    before = await settle()
    for number in range(count):
        offer = mutate(OFFERS, dice)
        answer = await rig.request(f"s{number}", offer)
        if isinstance(answer, SessionRefused):
            assert error_of(answer.code, answer.sentence).status in (400, 422), answer
            outcomes[answer.code] += 1
            continue
        check_answer(offer, answer.answer_sdp)
        outcomes["answered"] += 1
        rig.controller.channel.send(CloseSession(f"s{number}"))
        await rig.controller.take(SessionState, lambda state: state.state == "closed")
    assert await settle() == before
    assert outcomes["answered"] > count / 5
    assert outcomes.total() == count
    log.info("outcomes of %d mutated offers: %s", count, dict(outcomes.most_common()))
