"""One chat completion through LiteLLM, which knows the providers. The only file that imports it.

The import takes 2 to 7 seconds and 160 MB, so it happens at the first use, in a thread.
"""

import asyncio
import functools
import importlib
import logging
import os
from types import ModuleType
from typing import Any, NamedTuple, TypedDict

from ..config import LlmProfile
from .errors import LlmTimeout, LlmUnavailable

log = logging.getLogger(__name__)

LONGEST_COMPLETION = 1500  # tokens: a verdict, with room for a model that thinks aloud first
# LiteLLM's only switches for these are in the environment: take the price list from the package instead of
# the network, and leave a .env file in the working directory alone.
_SWITCHES = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
# At debug level, and in errors, these log prompts and answers.
_TALKATIVE = ("LiteLLM", "openai", "httpx", "httpcore")


class Message(TypedDict):
    """One message of a chat, as the OpenAI API has it."""

    role: str
    content: str


async def complete(profile: LlmProfile, messages: list[Message]) -> str:
    """The model's answer to ``messages``.

    Raises:
        LlmUnavailable: LiteLLM is not installed, or the model cannot be reached or refuses.
        LlmTimeout: the provider gave up waiting.
    """
    library = await load_library()
    try:
        reply = await library.litellm.acompletion(
            model=profile.model,
            custom_llm_provider="openai" if profile.base_url else None,
            api_base=profile.base_url,
            # The client insists on a key, servers of one's own often have none.
            api_key=profile.api_key or ("none" if profile.base_url else None),
            messages=messages,
            temperature=0,
            max_tokens=LONGEST_COMPLETION,
            timeout=profile.timeout_s,
            max_retries=0,
        )
    except library.openai.APITimeoutError:
        raise LlmTimeout("the provider timed out") from None
    except library.openai.OpenAIError as error:
        # Only the kind: the text may repeat the prompt.
        log.warning("the language model %s failed: %s", profile.model, type(error).__name__)
        raise LlmUnavailable(type(error).__name__) from None
    if not reply.choices:
        raise LlmUnavailable("the reply holds no answer")
    return reply.choices[0].message.content or ""


class _Library(NamedTuple):
    """LiteLLM, and the package whose exceptions all of LiteLLM's derive from."""

    litellm: ModuleType
    openai: ModuleType


async def load_library() -> _Library:
    """LiteLLM, imported in a thread by the first caller.

    Raises:
        LlmUnavailable: it is not installed.
    """
    try:
        return await asyncio.to_thread(_load)
    except ImportError as error:
        log.warning("no verdicts of language models: install argusd[llm]")
        raise LlmUnavailable("LiteLLM is not installed") from error


@functools.cache
def _load() -> _Library:
    os.environ.update(_SWITCHES)
    litellm: Any = importlib.import_module("litellm")
    litellm.drop_params = True  # a model that knows no temperature is asked without
    litellm.telemetry = False
    litellm.suppress_debug_info = True
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return _Library(litellm, importlib.import_module("openai"))
