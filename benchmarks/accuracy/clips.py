"""Clips and recordings, published by WebRTC as a caller's peer does: codecs, rules and time count."""

import asyncio
import contextlib
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path
from typing import NamedTuple

from argusd.interviewer_bridge.errors import BridgeError
from argusd.interviewer_bridge.publish.media import open_file
from argusd.interviewer_bridge.publish.publisher import Publisher
from argusd.scheduler.contract.catalog import streams_of
from argusd.scheduler.contract.events import Event

from .asking import Answer, Daemon
from .clip_verdicts import Finding, Told, found_in

LAST_WORDS_S = 20.0  # after the media's end what was found last is still told
STRETCHED, STRETCHED_S = 1.1, 0.5  # by which a publisher that falls behind makes media last longer
CHANGED = {"speech_detected": {"enabled": True}}  # as POLICY


class Published(NamedTuple):
    """How long the file is; what was found, by name; what was observed, by the media's second.

    ``notes``: how much longer its media lasted, where they did.
    """

    seconds: float
    found: dict[str, list[Finding]]
    observed: list[tuple[float, Answer]]
    notes: list[str]


async def publish(daemon: Daemon, path: Path, seconds: float) -> Published:
    """Publish a file as a session of its own, and take in all of its events."""
    session = daemon.session()
    source = open_file(str(path))
    kinds = [track.kind for track in source.tracks]
    await daemon.define(session, CHANGED, streams_of(kinds))  # type: ignore[arg-type]
    events: list[Event] = []
    notes: list[str] = []
    try:
        async with Publisher(daemon.client.base_url, session, source) as publisher:
            follower = asyncio.create_task(_follow(daemon, session, publisher.events_after, events))
            await publisher.finished()
            await publisher.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(follower, LAST_WORDS_S)
    except BridgeError as error:
        notes.append(f"{path.name} could not be published: {error}")
    scaled = {group: _lasted(events, group, seconds) for group in (("face", "video"), ("audio", "lipsync"))}
    notes += [
        f"{path.name}: {seconds:.1f} s lasted {media_s:.1f} s for {group[0]}; times are scaled back"
        for group, media_s in scaled.items()
        if media_s != seconds
    ]
    found: dict[str, list[Finding]] = {}
    for group, media_s in scaled.items():
        found |= findings((each for each in events if each.stream in group), seconds, media_s)
    observed = [(each.data.get("media_s", 0.0), each.data) for each in events if each.type == "observation"]
    return Published(seconds, found, observed, notes)


def findings(events: Iterable[Event], seconds: float, media_s: float) -> dict[str, list[Finding]]:
    """Violations by name; media that lasted ``media_s`` are a file's of ``seconds``."""
    told = (Told(each.name, each.state, each.data) for each in events if each.type == "violation")
    return found_in(told, media_s, seconds / media_s)


def _lasted(events: Iterable[Event], streams: tuple[str, ...], seconds: float) -> float:
    """The file's length, or for how long its media came if that is clearly more."""
    media_s = max((each.data.get("media_s", 0.0) for each in events if each.stream in streams), default=0.0)
    return media_s if media_s > STRETCHED * seconds + STRETCHED_S else seconds


async def _follow(daemon: Daemon, session: str, after: str, events: list[Event]) -> None:
    async with aclosing(daemon.client.events(session, after)) as told:
        async for event in told:
            if isinstance(event, Event):
                events.append(event)
                if event.ends_media:
                    return
