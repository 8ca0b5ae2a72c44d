"""What the daemon chooses where a caller does not."""

import msgspec

from argusd.scheduler.contract.tasks.spec import Payload

from ..config import ApiConfig


def with_defaults(payload: Payload, config: ApiConfig) -> Payload:
    """The payload, with the configured languages where it names none."""
    if getattr(payload, "language", "") is None:
        return msgspec.structs.replace(payload, language=config.ocr_languages)
    return payload
