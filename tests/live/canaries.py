"""Bytes that are planted in what callers send, to see where they come out again."""

import base64
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SPOKEN = "quokkazanzibar"
PRINTED = "WOMBATQUAY"
IN_PICTURE = b"CANARY-IN-A-PICTURE-7c1f"
IN_SOUND = b"CANARY-IN-A-SOUND-51d2-"
IN_REQUEST = "canary-in-a-field-90ab"
TOKEN = "canary-token-3f9e8b"
WRONG_TOKEN = "canary-wrong-token-77"
MODEL_KEY = "sk-canary-6b21"
SDP = "canary-sdp-line-d0d0"
ICE_PASSWORD = "canaryicepassword0123456789"


class Canary(NamedTuple):
    """What was planted, and how it may look where it came out."""

    name: str
    forms: tuple[bytes, ...]


def text(name: str, planted: str) -> Canary:
    """Letters; case and base64 do not hide them."""
    return Canary(name, tuple({form.lower() for form in (planted.encode(), *base64_forms(planted.encode()))}))


def data(name: str, planted: bytes) -> Canary:
    """Bytes: as they are, in base64 at any offset, in hex, or as Python prints them."""
    forms = (planted, *base64_forms(planted), planted.hex().encode(), repr(planted)[2:-1].encode())
    return Canary(name, tuple(form.lower() for form in forms))


def base64_forms(planted: bytes) -> tuple[bytes, ...]:
    """Its middle in base64, whatever stood before it: one form for each place in a group of three."""
    forms = (base64.b64encode(bytes(shift) + planted) for shift in range(3))
    return tuple(form[4 : len(form) // 4 * 4 - 4] for form in forms)


def found_in(said: bytes, canaries: list[Canary]) -> set[str]:
    """Names of the canaries that came out."""
    low = said.lower()
    return {canary.name for canary in canaries if any(form in low for form in canary.forms)}


def marked_jpeg(picture: NDArray[np.uint8]) -> bytes:
    """A JPEG with a canary in a comment (ITU-T T.81, B.2.4.5)."""
    whole = cv2.imencode(".jpg", picture)[1].tobytes()
    comment = b"\xff\xfe" + (len(IN_PICTURE) + 2).to_bytes(2, "big") + IN_PICTURE
    return whole[:2] + comment + whole[2:]
