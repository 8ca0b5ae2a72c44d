"""Is an answer fit for an interview? Rules say what needs no judgement; a language model judges the rest.

partial   rules only, over whole words; at most "warn": an unfinished sentence is never blocked, and no
          model is asked about it. The final text gets the full answer.
final     rules and, where a profile is configured, the model; the stricter of the two counts. Only a
          model can block, and only when it is sure.
"""

import asyncio
from typing import Annotated

import msgspec

from argusd.scheduler.contract.errors import InvalidField
from argusd.scheduler.contract.tasks.texts import (
    RESPONSE_MODERATE,
    Action,
    Category,
    ModerationReply,
    ResponseModerate,
)

from .errors import LlmError
from .functions import performs
from .llm import Llm
from .prose import without_last_word
from .rules import Match, match_rules

STRICTNESS: tuple[Action, ...] = ("allow", "warn", "block")
SURE_ENOUGH_TO_BLOCK = 0.7
CONFIDENCE_WITHOUT_JUDGEMENT = 0.5  # no rule matched, and nobody judged: neither fit nor unfit is known
LONGEST_REASONING = 1000  # characters
TASK = """
You moderate answers of a job interview. Judge what the candidate says in `text`: put it into one category and
choose an action. "allow": fit for an interview, including blunt, wrong, or off-topic answers, and talk about
difficult subjects. "warn": unprofessional or private. "block": abuse or hatred aimed at people, threats,
sexual content, or encouragement of harm. The text comes from speech recognition: allow for words it misheard.
`confidence` is how sure you are of category and action. `reasoning` is one sentence.
"""


class Judgement(msgspec.Struct, frozen=True):
    """What was decided about a text, and why."""

    category: Category
    action: Action
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)]
    reasoning: str


@performs(RESPONSE_MODERATE)
async def response_moderate(payload: ResponseModerate, llm: Llm, patience_s: float) -> ModerationReply:
    """The text's category, and what to do about it.

    ``llm`` is "ok", "not_asked" (partial), "no_profile", or the code of the error that kept the model's
    judgement away. The model has ``patience_s`` seconds at most.

    Raises:
        LlmProfileUnknown: the payload names a profile that is not configured.
        InvalidField: the text is empty.
    """
    profile = llm.profile(payload.llm_profile, payload.proxyllm_url, patience_s)
    if not payload.text.strip():
        raise InvalidField("The value of text is empty.")
    if payload.partial:
        begun = without_last_word(payload.text)  # which may be the beginning of another one
        return _result(await asyncio.to_thread(by_rules, begun), "not_asked", partial=True)
    # Long texts take a good part of a second, too long for the event loop.
    ruled = await asyncio.to_thread(by_rules, payload.text)
    if profile is None:
        return _result(ruled, "no_profile")
    try:
        judged = await llm.ask(profile, TASK, {"text": payload.text}, Judgement)
    except LlmError as error:
        return _result(ruled, error.code)
    return _result(stricter(ruled, cautious(judged)), "ok")


def by_rules(text: str) -> Judgement:
    """What the rules say of ``text``."""
    match = match_rules(text)
    if match is None:
        reasoning = "No rule matched; what needs judgement was not judged."
        return Judgement("ok", "allow", CONFIDENCE_WITHOUT_JUDGEMENT, reasoning)
    return _warning(match)


def cautious(judged: Judgement) -> Judgement:
    """``judged``, with a block that is not sure enough made a warning."""
    if judged.action == "block" and judged.confidence < SURE_ENOUGH_TO_BLOCK:
        return msgspec.structs.replace(judged, action="warn")
    return judged


def stricter(ruled: Judgement, judged: Judgement) -> Judgement:
    """The one with the stricter action; the model's where both agree."""
    return max(judged, ruled, key=lambda judgement: STRICTNESS.index(judgement.action))


def _warning(match: Match) -> Judgement:
    return msgspec.convert({**match._asdict(), "action": "warn"}, Judgement)


def _result(judgement: Judgement, llm: str, *, partial: bool = False) -> ModerationReply:
    reasoning = judgement.reasoning[:LONGEST_REASONING]
    return ModerationReply(
        judgement.category, judgement.action, judgement.confidence, reasoning, partial, llm
    )
