"""Opus packets to 16 kHz mono samples, by libopus itself (RFC 6716).

PyAV brings libopus along, but only decodes to 48 kHz through it and then needs a resampler. libopus decodes
to 16 kHz as it is: it leaves out the bands that a resampler would filter away. So it is called directly,
found among the libraries that PyAV's own modules are linked with.
"""

import ctypes
from typing import Any

import av._core
import numpy as np
from numpy.typing import NDArray

from argusd.scheduler.contract.media import SAMPLE_RATE

from ..errors import IncompatibleLibrary

CLOCKS_PER_SAMPLE = 3  # of the RTP clock, which ticks at 48 kHz (RFC 7587)
MAX_SAMPLES = SAMPLE_RATE * 120 // 1000  # a packet holds at most 120 ms (RFC 6716 section 3.2.5)
MONO, NO_FEC = 1, 0

# PyDLL keeps the interpreter's lock: a packet takes about 20 µs, less than getting the lock back can.
libopus = ctypes.PyDLL(av._core.__file__)


class DamagedPacket(ValueError):
    """libopus cannot decode the packet."""


class OpusDecoder:
    """Decodes one track's packets in order; stereo is mixed down."""

    def __init__(self) -> None:
        # The state lies in memory of ours, so that there is nothing to destroy.
        self._state = ctypes.create_string_buffer(libopus.opus_decoder_get_size(MONO))
        libopus.opus_decoder_init(self._state, SAMPLE_RATE, MONO)
        self._samples = np.empty(MAX_SAMPLES, np.int16)
        self._samples_at = ctypes.c_void_p(self._samples.ctypes.data)
        self._decode: Any = libopus.opus_decode

    def decode(self, payload: bytes) -> tuple[NDArray[np.int16], int]:
        """Samples i16 ``[n]`` of a packet that is not empty, and how many 48 kHz clocks it spans.

        The samples are overwritten by the next call.

        Raises:
            DamagedPacket: the packet is damaged.
        """
        count: int = self._decode(self._state, payload, len(payload), self._samples_at, MAX_SAMPLES, NO_FEC)
        if count < 0:
            raise DamagedPacket(f"libopus refused the packet with error {count}")
        return self._samples[:count], CLOCKS_PER_SAMPLE * count


def check_libopus() -> None:
    """Prove that PyAV comes with libopus.

    Raises:
        IncompatibleLibrary: this build of PyAV does without.
    """
    names = ("opus_decoder_get_size", "opus_decoder_init", "opus_decode")
    missing = [name for name in names if not hasattr(libopus, name)]
    if missing:
        raise IncompatibleLibrary(f"the installed PyAV has no {', '.join(missing)}; install one with libopus")
