"""The variables that services set before there was argusd, and the keys they stand for now."""

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import NamedTuple


class OlderName(NamedTuple):
    """``path``: the key. ``read``: the key's value for the variable's text."""

    path: tuple[str, ...]
    read: Callable[[str], str] = str


def device(text: str) -> str:
    """PyTorch's ``cuda`` is its first device."""
    return "cuda:0" if text == "cuda" else text


def model_name(text: str) -> str:
    """A file of weights by its name: ``/models/yolov8n.pt`` is ``yolov8n``."""
    return PurePath(text).stem.lower()


def languages(text: str) -> str:
    """Codes between commas, with or without spaces."""
    return ",".join(code.strip() for code in text.split(","))


OLDER_NAMES: Mapping[str, OlderName] = {
    "REDIS_URL": OlderName(("api", "redis_url")),
    "PORT": OlderName(("api", "port")),
    "PROCTORING_ML_DEVICE": OlderName(("scheduler", "device"), device),
    "YOLO_MODEL": OlderName(("scheduler", "models", "object_detector"), model_name),
    "OCR_LANGUAGES": OlderName(("api", "ocr_languages"), languages),
    "HUGGINGFACE_TOKEN": OlderName(("huggingface_token",)),
    "PROXYLLM_URL": OlderName(("api", "llm", "default", "base_url")),
    "PROXYLLM_KEY": OlderName(("api", "llm", "default", "api_key")),
    "PROXYLLM_MODEL": OlderName(("api", "llm", "default", "model")),
}
