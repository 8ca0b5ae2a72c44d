"""Opus to 16 kHz mono, beside FFmpeg's own decoder and soxr's resampler."""

import av
import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from argusd.benchmarks.peers.clips import OPUS_CLOCKS, opus_clip
from argusd.ingest.codecs import opus
from argusd.ingest.codecs.opus import MAX_SAMPLES, DamagedPacket, OpusDecoder, check_libopus
from argusd.ingest.errors import IncompatibleLibrary
from argusd.scheduler.contract.media import SAMPLE_RATE

CLOCK_RATE = 48_000


def reference(packets: tuple[bytes, ...]) -> NDArray[np.float32]:
    context = av.AudioCodecContext.create("opus", "r")
    context.layout, context.sample_rate, context.format = "mono", CLOCK_RATE, "fltp"
    frames = [frame for packet in packets for frame in context.decode(av.Packet(packet))]
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    resampled: NDArray[np.float32] = soxr.resample(samples, CLOCK_RATE, SAMPLE_RATE)
    return resampled * 32768


@pytest.mark.parametrize("stereo", [False, True])
def test_a_second_of_packets_is_a_second_of_the_same_sound(stereo: bool) -> None:
    decoder = OpusDecoder()
    packets = opus_clip(50, stereo=stereo)
    samples = np.concatenate([decoder.decode(packet)[0].copy() for packet in packets])
    assert samples.shape == (SAMPLE_RATE,)
    error = samples - reference(packets)[: len(samples)]
    assert np.square(error).mean() < 0.001 * np.square(samples.astype(np.float64)).mean()


def test_a_packet_spans_as_many_clocks_as_it_was_sent_with() -> None:
    samples, clocks = OpusDecoder().decode(opus_clip(1)[0])
    assert (len(samples), clocks) == (OPUS_CLOCKS // 3, OPUS_CLOCKS)


def test_tracks_do_not_share_a_state() -> None:
    packets, alone, beside, other = opus_clip(50), OpusDecoder(), OpusDecoder(), OpusDecoder()
    for index, packet in enumerate(packets):
        other.decode(packets[-1 - index])
        assert np.array_equal(alone.decode(packet)[0], beside.decode(packet)[0])


@pytest.mark.parametrize("payload", [b"\xff" * 5, b"\xfb\x00", b"\x7b\xff"])
def test_damage_is_an_error_and_the_next_packet_is_decoded(payload: bytes) -> None:
    decoder = OpusDecoder()
    with pytest.raises(DamagedPacket):
        decoder.decode(payload)
    assert decoder.decode(opus_clip(1)[0])[1] == OPUS_CLOCKS


@given(payload=st.binary(min_size=1, max_size=1400))
def test_any_payload_is_sound_or_damage(payload: bytes) -> None:
    try:
        samples, clocks = OpusDecoder().decode(payload)
    except DamagedPacket:
        return
    assert len(samples) <= MAX_SAMPLES
    assert clocks == 3 * len(samples)


def test_a_pyav_without_libopus_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    check_libopus()
    monkeypatch.setattr(opus, "libopus", object())
    with pytest.raises(IncompatibleLibrary, match="opus_decode"):
        check_libopus()
