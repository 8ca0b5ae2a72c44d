"""Why a language model gave no verdict. These end in a result's ``llm`` field, not in an error response.

extra not installed, connection refused, 4xx/5xx, too many waiting   llm_unavailable
no answer within the profile's time                                  llm_timeout
an answer that is not the JSON asked for, twice                      llm_bad_answer
"""


class LlmError(Exception):
    """Base of what can go wrong with a language model; its text holds nothing of prompt or answer."""

    code = "llm_error"


class LlmUnavailable(LlmError):
    """The model cannot be reached, refuses, or is busy."""

    code = "llm_unavailable"


class LlmTimeout(LlmError):
    """The model did not answer in time."""

    code = "llm_timeout"


class LlmBadAnswer(LlmError):
    """The model answered, but not what it was asked for."""

    code = "llm_bad_answer"
