"""What the daemon chooses where a caller does not."""

import msgspec

from argusd.scheduler.contract.payloads import DocIdVerify, DocOcr, Payload

from ..config import ApiConfig


def with_defaults(payload: Payload, config: ApiConfig) -> Payload:
    """The payload, with the configured languages where it names none."""
    if isinstance(payload, DocOcr | DocIdVerify) and payload.language is None:
        return msgspec.structs.replace(payload, language=config.ocr_languages)
    return payload
