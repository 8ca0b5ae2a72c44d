"""Sessions of an exam day, for pages to show: who is there, who looks away, whose picture is frozen."""

import asyncio
import time
from typing import Any

from argusd.ingest.ipc.messages import SessionState, TrackState
from argusd.scheduler.contract.media_key import MediaKey
from argusd.scheduler.contract.messages import Histogram, Latest, RoleStatus

from ..fixtures import Rig

HOURS = 3
AT_A_TIME = 50
KINDS = (
    ("face", "gaze_away", "warning", 3.5),
    ("video", "phone_detected", "critical", 24.0),
    ("audio", "speech_detected", "info", 7.0),
    ("lipsync", "lip_sync_violation", "warning", 12.0),
    ("face", "face_absent", "critical", 15.0),
)
FACE = {"face_count": 1, "faces": [[0.36, 0.2, 0.62, 0.7]], "gaze": {"x": 0.3, "y": 0.1, "direction": "left"}}
VIDEO = {"objects": [{"label": "cell phone", "box": [0.66, 0.5, 0.8, 0.8], "confidence": 0.8}]}
AUDIO = {"has_speech": True, "rms": 0.1, "violations": []}
ROLES = [
    RoleStatus("face_detector", "scrfd", True, "", 0.41, precision="f16"),
    RoleStatus("vad", "silero_vad", True, "", 0.08, precision="f32"),
    RoleStatus("object_detector", "yolov8n", True, "", 0.63, precision="f16"),
    RoleStatus("ocr", "", False, "no weights: argusd models pull easyocr_en", 0.0, live=False),
]


def name(number: int) -> str:
    return f"exam-{number:04}"


async def arrive(rig: Rig, count: int) -> None:
    """So many live sessions; every seventh is frozen, and in the first as many violations were found."""
    rig.worker.max_sessions = rig.worker.arena_fits_more = rig.scheduler.fits_more = 1000
    rig.worker.stats()
    rig.scheduler.tell_stats(roles=ROLES)
    await rig.api.until("/ready", lambda body: body["fits_more"] == 1000)
    for begin in range(0, count, AT_A_TIME):
        await asyncio.gather(
            *(sit_down(rig, number) for number in range(begin, min(count, begin + AT_A_TIME)))
        )
    misbehave(rig, name(0), count)
    await rig.api.until("/reviews", lambda body: body["live"] == count)
    if count:
        path = f"/sessions/{name(0)}/report"
        await rig.api.until(path, lambda body: len(body["violations"]) == count)


async def sit_down(rig: Rig, number: int) -> None:
    """Somebody publishes, and is seen and heard."""
    session = name(number)
    await rig.api.publish(session)
    rig.worker.say(SessionState(session, "live"))
    if number % 7 == 2:
        rig.worker.say(TrackState(MediaKey(session), "video", "stale", "frozen"))
    for stream, data in (("face", FACE), ("video", VIDEO), ("audio", AUDIO)):
        rig.scheduler.say(Latest(MediaKey(session), stream, time.time(), 40.0, 0, {}, data))


def misbehave(rig: Rig, session: str, times: int) -> None:
    """So many violations within three hours, some of them at once; the last goes on."""
    began = time.time() - HOURS * 3600
    for number in range(times):
        stream, what, severity, lasts = KINDS[number % len(KINDS)]
        starts = began + HOURS * 3600 * (number + 0.5) / times
        told: dict[str, Any] = {
            "type": "violation",
            "stream": stream,
            "name": what,
            "severity": severity,
            "confidence": 0.8,
        }
        rig.scheduler.find(session, **told, state="start", captured_at=starts, media_s=starts - began)
        if number < times - 1:
            data = {"duration_s": lasts, "value": 0.83, "threshold": 0.5}
            rig.scheduler.find(session, **told, state="end", captured_at=starts + lasts, data=data)


def work(rig: Rig, batches: int) -> None:
    """The scheduler has run so many batches."""

    def spread(bounds: list[float], shares: list[float], mean: float) -> Histogram:
        return Histogram(bounds, [int(batches * share) for share in shares], batches * mean, batches)

    ages = spread([0.02, 0.05, 0.1, 0.2, 0.5], [0.2, 0.6, 0.9, 0.98, 1.0], 0.05)
    figures: dict[str, Any] = {
        "batch_size": {
            each.model: spread([1, 2, 4, 8, 16], [0.1, 0.3, 0.6, 0.9, 1.0], 4) for each in ROLES if each.model
        },
        "infer_seconds": {
            each.model: spread([0.01, 0.05, 0.1], [0.5, 0.95, 1.0], 0.02) for each in ROLES if each.model
        },
        "frame_age_seconds": dict.fromkeys(("face", "video", "audio", "lipsync"), ages),
    }
    rig.scheduler.tell_stats(**figures)
