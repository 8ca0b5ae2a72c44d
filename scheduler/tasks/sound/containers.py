"""Which files of sound are decoded, and with what of FFmpeg. Pure.

A container is opened as what its first bytes say and as nothing else: of FFmpeg's hundreds of demuxers only
these ever read what a caller sent, none of which opens other files or addresses.
"""

from collections.abc import Mapping

from argusd.kernels.file_kinds import ADTS, MP3

# Bytes of length before each message of a file that still comes (``incoming.py``). It stands here, because
# who sends them must not load a decoder.
LENGTH = 4
# Exit code of a decoder's process that says on stderr, in our own words, what is wrong with a file. Python's
# own, after an error that nobody expected, is 1, and what it says then is no answer.
REFUSED = 3
WAVES = ("WAV", "Wave64")  # opened as the WAV that ``wav.mended`` makes of them
DEMUXERS: Mapping[str, str] = {
    **dict.fromkeys(WAVES, "wav"),
    "AIFF": "aiff",
    "CAF": "caf",
    "AU": "au",
    "FLAC": "flac",
    "Ogg": "ogg",
    "WebM or Matroska": "matroska",
    "MP4": "mov",
    MP3: "mp3",
    ADTS: "aac",
    "AMR": "amr",
    "WavPack": "wv",
    "ASF (WMA)": "asf",
    "AVI": "avi",
    "FLV": "flv",
    "MPEG-TS": "mpegts",
    "MPEG-PS": "mpeg",
    "Monkey's Audio": "ape",
    "Musepack SV7": "mpc",
    "Musepack SV8": "mpc8",
    "True Audio": "tta",
    "TAK": "tak",
    "Shorten": "shn",
    "SPHERE": "nistsphere",
    "VOC": "voc",
    "DTS": "dts",
}
# The same for what still comes, which cannot be mended first.
NEED_SEEKING = ("WavPack", "True Audio", "Monkey's Audio", "Musepack SV8")
COMING: Mapping[str, str] = {
    kind: demuxer for kind, demuxer in DEMUXERS.items() if kind not in NEED_SEEKING
} | {"Wave64": "w64"}
# The kinds whose headers say exactly how long they last, if whoever wrote them could go back and say so.
MEASURED = ("AIFF", "AU", "FLAC")
# The kinds that say so in any case, or not at all: in a header or, of Ogg, in the last page.
TIMED = ("FLAC", "MP4", "Ogg", "WebM or Matroska", *WAVES)

PCM = (
    *(f"pcm_{kind}{bits}{order}" for kind in "su" for bits in (16, 24, 32) for order in ("le", "be")),
    *(f"pcm_f{bits}{order}" for bits in (32, 64) for order in ("le", "be")),
    *("pcm_s8", "pcm_u8", "pcm_s64le", "pcm_s64be", "pcm_alaw", "pcm_mulaw"),
)
# By the names of decoders; those of MPEG audio and AMR have others than their codecs.
DECODERS = frozenset(
    {
        *PCM,
        *("flac", "alac", "wavpack", "opus", "vorbis", "speex", "aac", "ac3", "eac3"),
        *("mp3", "mp3float", "mp2", "mp2float", "mp1", "mp1float", "amrnb", "amrwb"),
        *("wmav1", "wmav2", "wmapro", "wmavoice", "wmalossless"),
        *("ape", "mpc7", "mpc8", "tta", "tak", "shorten", "dca"),
        *("adpcm_ms", "adpcm_ima_wav", "adpcm_ima_qt", "gsm", "gsm_ms", "g722"),
    }
)
NO_RATE_OF_THEIR_OWN = ("opus",)  # always 48 kHz; what it was recorded at is a remark (RFC 7845, 5.1)
