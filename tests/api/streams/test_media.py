"""Pictures and sound into a real arena, read back as a scheduler reads them."""

import time

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.api.streams.media import JPEG_ROOM, MAX_JPEG_BYTES, PCM_ROOM, JpegTrack, PcmTrack
from argusd.ingest.errors import ArenaFull
from argusd.ingest.shm.arena import DATA_START, HEAD, Arena, ArenaView
from argusd.ingest.shm.frame import PixelFormat
from argusd.ingest.shm.regions import PAGE
from argusd.ingest.shm.ring import FrameReader, FrameView, gather_pcm, read_anchor
from argusd.ingest.shm.sink import Ring
from argusd.scheduler.contract.errors import (
    ArenaExhausted,
    AudioTooLong,
    BadAudio,
    BadPicture,
    PictureTooLarge,
    ServiceError,
)
from argusd.scheduler.media.pictures import decoded

from ...pictures import oriented
from .clients import jpeg, tone, with_size


class Opened:
    """An arena, and the rings that were opened in it."""

    def __init__(self, nbytes: int = 16 << 20) -> None:
        self.arena = Arena(nbytes)
        self.view = ArenaView(self.arena.fd)
        self.rings: list[Ring] = []

    def newest(self) -> FrameView:
        ring = self.rings[-1]
        frame = FrameReader(self.view, ring.place, ring.generation).newest()
        assert frame is not None
        return frame

    def samples(self, count: int) -> NDArray[np.int16]:
        ring = self.rings[-1]
        rows, generations = np.array([ring.place], np.intp), np.array([ring.generation], np.uint64)
        gathered = gather_pcm(self.view, rows, generations, np.array([0], np.int64), count)
        assert gathered.ok.all()
        samples: NDArray[np.int16] = gathered.samples[0]
        return samples

    def written(self) -> int:
        return int(self.view.table[self.rings[-1].place, HEAD])


def test_a_jpeg_lies_in_its_slot_as_it_came() -> None:
    opened, data = Opened(), jpeg(62, 46)
    before = time.monotonic_ns()
    JpegTrack(opened.arena, opened.rings.append).take(data, captured_ns=2_000_000_000)
    frame = opened.newest()
    assert frame.planes[0].tobytes() == data
    info = frame.info
    assert (info.width, info.height, info.format) == (62, 46, PixelFormat.JPEG)
    assert (info.captured_ns, info.rtp_timestamp) == (2_000_000_000, 180_000)
    assert before <= info.arrival_ns <= time.monotonic_ns()


def test_pictures_of_one_size_share_a_ring_and_others_get_a_new_one() -> None:
    opened = Opened()
    track = JpegTrack(opened.arena, opened.rings.append)
    for quality in (60, 70, 60):
        track.take(jpeg(64, 48, quality))
    assert len(opened.rings) == 1
    track.take(jpeg(48, 64))
    assert len(opened.rings) == 2
    assert opened.arena.rings == 1
    assert opened.newest().info.height == 64


def test_a_picture_that_outgrows_its_slot_gets_a_larger_ring() -> None:
    opened, plain = Opened(), jpeg(640, 480, quality=2)
    track, rich = JpegTrack(opened.arena, opened.rings.append), jpeg(640, 480, quality=100)
    assert len(rich) > 640 * 480 // 4 > 2 * len(plain)
    track.take(plain)
    track.take(rich)
    assert len(opened.rings) == 2
    assert opened.newest().planes[0].tobytes() == rich


@pytest.mark.parametrize("number", range(1, 9))
def test_a_picture_is_announced_and_decoded_as_its_camera_was_held(number: int) -> None:
    opened, (data, seen) = Opened(), oriented("JPEG", number, quality=100, subsampling=0)
    JpegTrack(opened.arena, opened.rings.append).take(data)
    frame = opened.newest()
    still = decoded(frame)
    assert still is not None
    assert (frame.info.height, frame.info.width) == (still.info.height, still.info.width) == seen.shape[:2]
    assert np.abs(still.planes[0].reshape(seen.shape).astype(int) - seen).max() <= 3


def test_a_picture_with_broken_exif_is_taken_as_it_is_stored() -> None:
    opened, (data, _) = Opened(), oriented("JPEG", 6)
    for broken in (data.replace(b"\x01\x12\0\x03", b"\x01\x12\0\xff"), data.replace(b"MM\0*", b"MM\0\0")):
        assert broken != data
        JpegTrack(opened.arena, opened.rings.append).take(broken)
        assert (opened.newest().info.width, opened.newest().info.height) == (60, 40)


def test_a_phones_picture_is_announced_as_small_as_it_is_decoded() -> None:
    opened, flat = Opened(), np.full((3024, 4032, 3), 90, np.uint8)
    JpegTrack(opened.arena, opened.rings.append).take(cv2.imencode(".jpg", flat)[1].tobytes())
    frame = opened.newest()
    still = decoded(frame)
    assert still is not None
    assert (frame.info.width, frame.info.height) == (still.info.width, still.info.height) == (2016, 1512)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        jpeg()[:-2],
        jpeg()[: len(jpeg()) // 2],
        with_size(jpeg(), 0, 48),
        with_size(jpeg(), 64, 0),
    ],
)
def test_what_is_no_whole_jpeg_is_refused(data: bytes) -> None:
    opened = Opened()
    with pytest.raises(BadPicture):
        JpegTrack(opened.arena, opened.rings.append).take(data)
    assert opened.rings == []


@pytest.mark.parametrize("data", [with_size(jpeg(), 20_000, 20_000), bytes(MAX_JPEG_BYTES + 1)])
def test_what_is_too_large_is_refused_by_its_header(data: bytes) -> None:
    opened = Opened()
    with pytest.raises(PictureTooLarge):
        JpegTrack(opened.arena, opened.rings.append).take(data)
    assert opened.rings == []


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_or_taken(tail: bytes) -> None:
    opened = Opened(1 << 20)
    try:
        JpegTrack(opened.arena, opened.rings.append).take(b"\xff\xd8" + tail)
    except ServiceError:
        assert opened.rings == []
    else:
        assert opened.newest().planes[0].tobytes() == b"\xff\xd8" + tail
    opened.arena.close()


def test_a_full_arena_is_told_and_a_smaller_picture_still_fits() -> None:
    opened = Opened(DATA_START + 32 * PAGE)
    track = JpegTrack(opened.arena, opened.rings.append)
    with pytest.raises(ArenaExhausted):
        track.take(jpeg(640, 480))
    track.take(jpeg(32, 32))
    assert len(opened.rings) == 1


def test_reserved_room_is_a_tracks_own_until_it_closes() -> None:
    opened = Opened(DATA_START + JPEG_ROOM + PCM_ROOM + 2 * PAGE)
    pictures = JpegTrack(opened.arena, opened.rings.append)
    sound = PcmTrack(opened.arena, 48_000, opened.rings.append)
    pictures.reserve()
    sound.reserve()
    with pytest.raises(ArenaFull):
        JpegTrack(opened.arena, opened.rings.append).reserve()
    for rate in (48_000, 16_000):
        sound.resample_from(rate)
        sound.take(tone(rate, 0.1).tobytes())
        pictures.take(jpeg())
    sound.close()
    pictures.close()
    assert opened.arena.free_bytes == opened.arena.capacity


def test_closed_tracks_leave_zeros() -> None:
    opened = Opened()
    pictures = JpegTrack(opened.arena, opened.rings.append)
    sound = PcmTrack(opened.arena, 16_000, opened.rings.append)
    pictures.take(jpeg())
    sound.take(tone(16_000, 0.1).tobytes())
    assert opened.arena.pixels[DATA_START:].any()
    pictures.close()
    sound.close()
    assert not opened.arena.pixels[DATA_START:].any()
    assert opened.arena.rings == 0


def test_samples_of_the_models_rate_are_written_as_they_are() -> None:
    opened, sound = Opened(), tone(16_000, 0.2)
    track = PcmTrack(opened.arena, 16_000, opened.rings.append)
    for part in np.split(sound, 4):
        track.take(part.tobytes())
    np.testing.assert_array_equal(opened.samples(len(sound)), sound)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_samples_of_other_rates_keep_their_tone(rate: int) -> None:
    opened = Opened()
    track = PcmTrack(opened.arena, rate, opened.rings.append)
    for part in np.split(tone(rate, 1.0), 10):
        track.take(part.tobytes())
    count = opened.written()
    assert 14_900 < count <= 16_000, "what the filter still holds is missing"
    heard = opened.samples(count)[1000:]
    strength = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert abs(strength.argmax() * 16_000 / len(heard) - 440) < 2
    assert abs(np.abs(heard).max() - 8000) < 100


def test_the_clocks_are_those_of_the_first_sample() -> None:
    opened = Opened()
    track = PcmTrack(opened.arena, 16_000, opened.rings.append)
    before = time.monotonic_ns()
    track.take(tone(16_000, 0.5).tobytes(), captured_ns=3_000_000_000)
    track.take(tone(16_000, 0.25).tobytes(), captured_ns=3_500_000_000)
    after = time.monotonic_ns()
    anchor = read_anchor(opened.view, opened.rings[0].place)
    assert (anchor.sample, anchor.captured_ns, anchor.rtp_timestamp) == (8_000, 3_500_000_000, 24_000)
    assert before <= anchor.arrival_ns + 250_000_000 <= after, "the last sample has just arrived"


def test_resampled_sound_is_not_dated_before_it_was_captured() -> None:
    opened = Opened()
    track = PcmTrack(opened.arena, 48_000, opened.rings.append)
    for part in range(5):
        track.take(tone(48_000, 0.1).tobytes(), captured_ns=1_000_000_000 + part * 100_000_000)
    anchor = read_anchor(opened.view, opened.rings[0].place)
    # Output sample n is input time n / 16000, whatever the filter held back when it was written.
    assert abs(anchor.captured_ns - (1_000_000_000 + anchor.sample * 62_500)) < 100_000


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_what_was_not_sent_is_silent(rate: int) -> None:
    opened = Opened()
    track = PcmTrack(opened.arena, rate, opened.rings.append)
    track.take(tone(rate, 0.5).tobytes(), captured_ns=3_000_000_000)
    track.take(tone(rate, 0.5).tobytes(), captured_ns=4_000_000_000)
    loud = np.abs(opened.samples(opened.written())[: 16_000 + 6_000].reshape(-1, 1000)).max(axis=1) > 4000
    np.testing.assert_array_equal(loud[1:7], True)
    np.testing.assert_array_equal(loud[9:15], False)
    np.testing.assert_array_equal(loud[17:22], True)
    anchor = read_anchor(opened.view, opened.rings[0].place)
    assert abs(anchor.captured_ns - (3_000_000_000 + anchor.sample * 62_500)) < 100_000


def test_what_was_sent_twice_is_heard_once() -> None:
    opened = Opened()
    track = PcmTrack(opened.arena, 16_000, opened.rings.append)
    track.take(tone(16_000, 0.5).tobytes(), captured_ns=3_000_000_000)
    track.take(tone(16_000, 0.5).tobytes(), captured_ns=3_250_000_000)
    track.take(tone(16_000, 0.25).tobytes(), captured_ns=3_250_000_000)
    assert opened.written() == 12_000
    assert read_anchor(opened.view, opened.rings[0].place).captured_ns == 3_500_000_000


def test_sound_of_another_time_begins_another_ring() -> None:
    opened = Opened()
    track = PcmTrack(opened.arena, 16_000, opened.rings.append)
    track.take(tone(16_000, 0.5).tobytes(), captured_ns=3_000_000_000)
    track.take(tone(16_000, 0.25).tobytes(), captured_ns=90_000_000_000)
    assert len(opened.rings) == 2
    assert opened.written() == 4_000
    assert read_anchor(opened.view, opened.rings[1].place).captured_ns == 90_000_000_000
    assert opened.arena.rings == 1


@pytest.mark.parametrize("data", [b"", b"\0", bytes(321)])
def test_half_samples_are_refused(data: bytes) -> None:
    opened = Opened()
    with pytest.raises(BadAudio):
        PcmTrack(opened.arena, 16_000, opened.rings.append).take(data)
    assert opened.rings == []


@pytest.mark.parametrize("rate", [16_000, 48_000])
def test_a_message_holds_a_second_at_most(rate: int) -> None:
    opened = Opened()
    track = PcmTrack(opened.arena, rate, opened.rings.append)
    track.take(bytes(2 * rate))
    with pytest.raises(AudioTooLong):
        track.take(bytes(2 * rate + 2))
