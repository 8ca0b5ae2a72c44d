"""One interview, step by step; every step is a call to the daemon."""

import asyncio
import base64
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from argusd.scheduler.contract.events import Event
from argusd.scheduler.contract.policy import Identity, Policy, SecondSpeaker

from ..client import MLOrchestratorClient
from ..publish.media import Source
from ..publish.publisher import Publisher
from .report import Enrolment, Report, Verification, reasons_for_review


async def enrol(ml: MLOrchestratorClient, session_id: str, face: bytes, voice: bytes) -> Enrolment:
    """Who somebody is, of a picture and a recording of speech.

    Raises:
        NoFace, NoVoice: one of them shows nobody.
    """
    seen, heard = await asyncio.gather(
        ml.infer(session_id, "face_embed", {"image_b64": face}),
        ml.infer(session_id, "audio_enroll", {"audio_b64": voice}),
    )
    return Enrolment(
        face_b64=seen["embedding_b64"],
        face_model=seen["model"],
        voice_b64=heard["embedding_b64"],
        voice_model=heard["model"],
        voice_quality=heard["quality_score"],
    )


class Interview:
    """The interview of somebody who is enrolled."""

    def __init__(self, ml: MLOrchestratorClient, session_id: str, enrolled: Enrolment) -> None:
        self._ml = ml
        self._session_id = session_id
        self._enrolled = enrolled

    async def verify(self, face: bytes, voice: bytes) -> Verification:
        """Whether the picture and the recording are of the person enrolled."""
        enrolled = self._enrolled
        known_face = {
            "reference_embedding_b64": enrolled.face_b64,
            "reference_model": enrolled.face_model,
        }
        known_voice = {
            "reference_embedding_b64": enrolled.voice_b64,
            "reference_model": enrolled.voice_model,
        }
        seen, heard = await asyncio.gather(
            self._infer("face_verify", {"image_b64": face, **known_face}),
            self._infer("audio_verify", {"audio_b64": voice, **known_voice}),
        )
        return Verification(seen["match"], seen["score"], heard["match"], heard["score"])

    async def scan_room(self, frames: Sequence[bytes]) -> dict[str, Any]:
        """What is in the room, of pictures taken while the camera goes round."""
        scan_id = f"{self._session_id}.room"
        for frame in frames:
            await self._infer("video_room_scan", {"scan_id": scan_id, "frame_b64": frame})
        done = await self._infer("video_room_scan", {"scan_id": scan_id, "complete": True})
        room: dict[str, Any] = done["result"]
        return room

    async def monitor(self, source: Source, on_event: Callable[[Event], None]) -> None:
        """Watch the interview itself: the media go to the daemon by WebRTC, its findings to ``on_event``."""
        await self._ml.define_session(self._session_id, self._policy())
        publisher = Publisher(self._ml.base_url, self._session_id, source, token=self._ml.token)
        async with asyncio.TaskGroup() as both, publisher:
            following = both.create_task(self._follow(publisher, on_event))
            await publisher.finished()
            if publisher.lost:  # the daemon has told of this end already
                following.cancel()

    async def finalize(self, verification: Verification, room: dict[str, Any]) -> Report:
        """Everything that was found, and what follows from it."""
        results = await self._ml.finalize(self._session_id)
        reasons = reasons_for_review(verification, room, results)
        return Report(self._session_id, verification, room, results, reasons)

    async def _infer(self, task_type: str, payload: dict[str, Any]) -> dict[str, Any]:
        return await self._ml.infer(self._session_id, task_type, payload)

    def _policy(self) -> Policy:
        """The daemon keeps nobody's data: whom to expect comes with the session."""
        return Policy(
            identity=Identity(
                reference_embedding_b64=base64.b64decode(self._enrolled.face_b64),
                reference_model=self._enrolled.face_model,
            ),
            second_speaker=SecondSpeaker(
                reference_embedding_b64=base64.b64decode(self._enrolled.voice_b64),
                reference_model=self._enrolled.voice_model,
            ),
        )

    async def _follow(self, publisher: Publisher, on_event: Callable[[Event], None]) -> None:
        async with contextlib.aclosing(self._ml.events(self._session_id, publisher.events_after)) as events:
            async for event in events:
                if isinstance(event, Event):
                    on_event(event)
                    if event.ends_media and not publisher.comes_back:
                        return
