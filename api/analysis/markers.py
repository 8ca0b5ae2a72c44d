"""Phrases that need no language model to be noticed: a model speaking of itself, and orders to a model.

Whoever talks *about* models ("we used BERT as a language model") is not caught by the first; who quotes an
injection is caught by the second, which is why it only ever warns.
"""

import re

from .folding import unmasked

_MODEL = r"an? (?:(?:ai|artificial intelligence|large language|language) ?){1,2}(?: ?model| ?assistant)?"
_AS_MODEL = re.compile(
    rf"\bas {_MODEL},? i\b"
    rf"|\bi(?:'m| am) (?:just |only )?{_MODEL}(?: (?:and|so|trained|created|developed|designed)\b|[.,;]|$)"
    r"|\bmy knowledge cutoff\b"
    r"|\bi (?:cannot|can't|don't|do not) (?:browse the internet|have personal (?:experiences?|opinions?))\b"
    r"|\bi hope this (?:answer|response) helps\b"
    r"|\bhere(?:'s| is) an? (?:polished|sample|revised) answer\b",
)
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:(?:all|any|the|your|of|my|these) ){0,3}"
    r"(?:previous|prior|above|earlier|preceding|system) (?:instruction|prompt|rule|message|direction)s?\b"
    r"|\b(?:reveal|print|repeat|show) (?:me )?(?:your|the) (?:system prompt|hidden instructions?)\b"
    r"|\byou are now (?:dan|in developer mode|an? unrestricted)\b"
    r"|<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?inst\]",
)


def speaks_as_model(text: str) -> bool:
    """Whether the text holds a phrase that a language model says of itself, or around an answer."""
    return _AS_MODEL.search(_plain(text)) is not None


def orders_a_model(text: str) -> bool:
    """Whether the text tries to give orders to whatever model reads it (OWASP LLM01, prompt injection)."""
    return _ORDER.search(_plain(text)) is not None


def _plain(text: str) -> str:
    return " ".join(unmasked(text).split())
