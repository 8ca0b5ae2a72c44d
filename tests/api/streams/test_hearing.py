"""Raw samples and containers over a WebSocket, into a real arena, by a real process."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from argusd.api.streams import decoder
from argusd.api.streams.hearing import Hearing
from argusd.api.streams.media import PcmTrack
from argusd.scheduler.contract.errors import BadAudio, Overloaded, ServiceError

from ...sounds import encoded, tone
from .test_media import Opened


class Heard:
    """A stream's sound, in an arena of its own."""

    def __init__(self, rate: int = 48_000) -> None:
        self.opened = Opened()
        self.failed: asyncio.Future[ServiceError] = asyncio.get_running_loop().create_future()
        self.hearing = Hearing(
            PcmTrack(self.opened.arena, rate, self.opened.rings.append), self.failed.set_result
        )

    async def written(self, count: int) -> None:
        """Wait for so many samples."""
        while not self.opened.rings or self.opened.written() < count:
            assert not self.failed.done(), str(self.failed.result())
            await asyncio.sleep(0.01)


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    heard = Heard()
    yield heard
    await heard.hearing.close()


def decoders() -> list[psutil.Process]:
    children = psutil.Process().children()
    return [child for child in children if decoder.MODULE in child.cmdline()]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(encoded("webm", "libopus", 48_000), id="Chromium"),
        pytest.param(encoded("ogg", "libopus", 48_000), id="Firefox"),
        pytest.param(encoded("mp4", "aac", 48_000, movflags="frag_keyframe+empty_moov"), id="Safari"),
        pytest.param(encoded("wav", "pcm_s16le", 48_000), id="WAV"),
    ],
)
async def test_what_browsers_record_is_heard(heard: Heard, data: bytes) -> None:
    for at in range(0, len(data), 2_000):
        await heard.hearing.take(data[at : at + 2_000])
    await heard.written(14_000)
    samples = heard.opened.samples(14_000)[2_000:]
    strength = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert abs(strength.argmax() * 16_000 / len(samples) - 440) < 2
    assert abs(np.abs(samples).max() - 10_000) < 1_500
    assert len(decoders()) == 1
    await heard.hearing.close()
    assert decoders() == []


async def test_raw_samples_need_no_process(heard: Heard) -> None:
    await heard.hearing.take(tone(48_000, 0.5).tobytes())
    await heard.hearing.take(b"OggS" + bytes(100))  # samples may look like anything once they are samples
    await heard.written(7_000)
    assert decoders() == []


@pytest.mark.parametrize(
    ("message", "told"),
    [(b"\x89PNG\r\n\x1a\n", "is PNG"), (b'{"type": "audio_chunk"}', "is JSON"), (b"MThd\0\0\0\6", "is MIDI")],
)
async def test_what_is_no_sound_is_named(heard: Heard, message: bytes, told: str) -> None:
    with pytest.raises(BadAudio, match=told):
        await heard.hearing.take(message)


async def test_a_container_that_cannot_be_decoded_is_told(heard: Heard) -> None:
    await heard.hearing.take(b"fLaC" + bytes(500))
    error = await heard.failed
    assert (error.code, str(error)) == ("bad_audio", "The FLAC file is damaged or cut off.")


async def test_a_process_that_dies_is_told(heard: Heard) -> None:
    await heard.hearing.take(encoded("webm", "libopus", 48_000))
    await heard.written(1_000)
    decoders()[0].kill()
    assert (await heard.failed).code == "bad_audio"


async def test_there_is_an_end_to_processes(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "MOST", 1)
    first = Heard()
    data = encoded("webm", "libopus", 48_000)
    await first.hearing.take(data)
    with pytest.raises(Overloaded):
        await heard.hearing.take(data)
    await first.hearing.close()
    again = Heard()
    await again.hearing.take(data)
    await again.hearing.close()


async def test_what_comes_at_once_is_heard_in_its_own_time(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, waits, sleep = SimpleNamespace(now_s=0.0), [0.0], asyncio.sleep

    async def waited(seconds: float) -> None:
        waits.append(max(0.0, seconds))
        clock.now_s += waits[-1]
        await sleep(0)

    monkeypatch.setattr(decoder, "AHEAD_S", 0.1)
    monkeypatch.setattr(decoder, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    monkeypatch.setattr(decoder, "asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": waited}))
    await heard.hearing.take(encoded("ogg", "libopus", 48_000, tone(48_000, 4)))
    await heard.written(60_000)
    assert sum(waits) >= 3.0
