"""Tasks about what somebody said, as text; the api does them, with a language model where one is configured.

``llm`` of a reply: ``ok`` where the model judged, else why it did not: a word, or the code of its error.
"""

from typing import Annotated, Literal

import msgspec

from ..names import Name
from .spec import Payload, Reply, TaskPath, TaskSpec, Text, Unit

# What the tasks themselves check, written down for who reads the schema alone.
Worded = Annotated[Text, msgspec.Meta(extra_json_schema={"pattern": r"[^\W_]"})]
Visible = Annotated[Text, msgspec.Meta(extra_json_schema={"pattern": r"[^\s\x00-\x20\x7f-\xa0\ufeff]"})]

Action = Literal["allow", "warn", "block"]
Category = Literal[
    "ok",
    "profanity",
    "harassment",
    "hate",
    "sexual",
    "violence",
    "self_harm",
    "illegal",
    "personal_data",
    "prompt_injection",
    "ai_generated",
]
Authorship = Literal["original", "ai_generated", "recited", "uncertain"]


class PlagiarismAnalyze(Payload, frozen=True):
    """Was the answer written by the speaker? ``llm_profile`` names a profile of the server's configuration.

    ``proxyllm_url`` is the older way to say the same: it is compared with the profiles' and never fetched.
    """

    transcript: Worded
    question: Text = ""
    llm_profile: Name | None = None
    proxyllm_url: str | None = None


class Risk(msgspec.Struct, frozen=True, kw_only=True):
    """``score`` in 0..1; ``signs`` says how strong each was, ``evidence`` how much text there was to tell."""

    score: float
    evidence: float
    signs: dict[str, float]
    speaks_as_model: bool


class Stylometry(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a text's style. ``language`` is "en" or null; a measure that would mean nothing is
    null, and ``not_meaningful`` says why."""

    words: int
    sentences: int
    language: str | None
    measures: dict[str, float | None]
    not_meaningful: dict[str, str]
    risk: Risk


class PlagiarismReply(Reply, frozen=True):
    """How likely it is that somebody else wrote it. ``llm_verdict``, ``llm_probability``: the language
    model's, null where ``llm`` says that there is none; then the score is style's alone."""

    risk_score: Unit
    stylometry: Stylometry
    llm_verdict: Authorship | None
    llm_probability: Unit | None
    reasoning: str
    llm: str


class ResponseModerate(Payload, frozen=True):
    """Is the text fit for an interview? ``partial``: it is still being spoken."""

    text: Visible
    partial: bool = False
    llm_profile: Name | None = None
    proxyllm_url: str | None = None


class ModerationReply(Reply, frozen=True):
    """What the text is, and what to do about it."""

    category: Category
    action: Action
    confidence: Unit
    reasoning: str
    partial: bool
    llm: str


PLAGIARISM_ANALYZE = TaskSpec(
    name="plagiarism_analyze",
    payload=PlagiarismAnalyze,
    reply=PlagiarismReply,
    domain="analysis",
    tier=None,
    paths=(TaskPath("/analysis/plagiarism"),),
)
RESPONSE_MODERATE = TaskSpec(
    name="response_moderate",
    payload=ResponseModerate,
    reply=ModerationReply,
    domain="analysis",
    tier=None,
    paths=(TaskPath("/analysis/moderate"),),
)
