"""What a file is, by how it begins, whatever its name or sender says. Pure.

Only what is rare among samples and pixels counts as a sign: two bytes can be a sample by chance, so frames of
MPEG audio and packets of transport streams must follow one another, and text must be text all along.
"""

import re
from collections.abc import Mapping

import numpy as np

from .sound.mpeg_audio import frames_follow

LOOKED_AT = 4096  # bytes, of what may be text
FLOATS, FEWEST_FLOATS = 1 << 16, 256  # looked at; and of those that are not 0
QUIETEST, LOUDEST, EXPONENTS = 1e-8, 4.0, 6  # of floats; and how many of their exponents sound has at least
MOST_TAGS = 16
ID3_HEADER = re.compile(rb"ID3[\x00-\xfe]{2}(.)([\x00-\x7f]{4})", re.DOTALL)
ID3_FOOTER = 0x10
MP3, ADTS = "MP3", "ADTS AAC"
MPEG_LAYERS: Mapping[str, frozenset[int]] = {ADTS: frozenset({0}), MP3: frozenset({1, 2, 3})}

SIGNATURES: Mapping[str, re.Pattern[bytes]] = {
    name: re.compile(begin, re.DOTALL)
    for name, begin in {
        # Sound, and pictures with sound.
        "WAV": rb"(RIFF|RIFX|RF64|BW64)....WAVE",
        "Wave64": rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0",
        "AIFF": rb"FORM....AIF[FC]",
        "CAF": rb"caff\0\x01",
        "AU": rb"\.snd\0\0",
        "FLAC": rb"fLaC",
        "Ogg": rb"OggS\0",
        "WebM or Matroska": rb"\x1aE\xdf\xa3",
        "AMR": rb"#!AMR(-WB)?\n",
        "WavPack": rb"wvpk....[\0-\x20]\x04",
        "ASF (WMA)": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
        "AVI": rb"RIFF....AVI ",
        "FLV": rb"FLV\x01",
        "MPEG-TS": rb"(....)?(G..[\x10-\x3f\x50-\x7f\x90-\xbf\xd0-\xff].{184}(....)?){3}G",
        "MPEG-PS": rb"\0\0\x01\xba",
        "Monkey's Audio": rb"MAC .[\x0c-\x10]",
        "Musepack SV7": rb"MP\+",
        "Musepack SV8": rb"MPCK",
        "True Audio": rb"TTA[12]",
        "DSD": rb"DSD \x1c\0|FRM8",
        "RealMedia": rb"\.RMF|\.ra\xfd",
        "MIDI": rb"MThd\0|RIFF....RMID",
        "QCP": rb"RIFF....QLCM",
        "SILK": rb"\x02?#!SILK",
        "SPHERE": rb"NIST_1A",
        "VOC": rb"Creative Voice File",
        "TAK": rb"tBaK",
        "OptimFROG": rb"OFR ",
        "Shorten": rb"ajkg",
        "DTS": rb"\x7f\xfe\x80\x01",
        # Pictures.
        "JPEG": rb"\xff\xd8\xff[\xc0-\xfe]",
        "PNG": rb"\x89PNG\r\n\x1a\n",
        "WebP": rb"RIFF....WEBP",
        "GIF": rb"GIF8[79]a",
        "TIFF": rb"II\*\0|MM\0\*|II\+\0|MM\0\+",
        "BMP": rb"BM....\0\0\0\0....[\x0c-\x7c]\0\0\0",
        "AVIF": rb"\0\0..ftypavi[fs]",
        "HEIC": rb"\0\0..ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)",
        "JPEG XL": rb"\0\0\0\x0cJXL \r\n\x87\n",
        "JPEG 2000": rb"\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51",
        "PSD": rb"8BPS\0",
        # After HEIC and AVIF, which are boxes as well.
        "MP4": rb"[\0-\x02]...(ftyp|moov|mdat|moof|styp|wide|free|skip|pnot)",
        # Neither.
        "PDF": rb"\s{0,16}%PDF-",
        "ZIP": rb"PK\x03\x04|PK\x05\x06",
        "gzip": rb"\x1f\x8b\x08",
        "bzip2": rb"BZh[1-9]1AY&SY",
        "xz": rb"\xfd7zXZ\0",
        "Zstandard": rb"\x28\xb5\x2f\xfd",
        "7z": rb"7z\xbc\xaf\x27\x1c",
        "RAR": rb"Rar!\x1a\x07",
        "NumPy": rb"\x93NUMPY",
        "SQLite": rb"SQLite format 3\0",
        "ELF": rb"\x7fELF[\x01\x02][\x01\x02]\x01",
    }.items()
}
TEXTS: Mapping[str, re.Pattern[str]] = {
    "HTML": re.compile(r"\s*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE),
    "SVG": re.compile(r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<svg\b", re.IGNORECASE | re.DOTALL),
    "XML": re.compile(r"\s*<\?xml\b"),
    "JSON": re.compile(r'\s*(\{\s*["}]|\[\s*[\]\[{"\d-])'),
    "a playlist": re.compile(r"\s*(#EXTM3U|\[playlist\])"),
    "a data URL": re.compile(r"\s*data:[\w/+.-]*[;,]", re.IGNORECASE),
    "base64 text": re.compile(r"\s*[\w+/-]{16}[\w+/\r\n-]*={0,2}\s*$", re.ASCII),
    "text": re.compile(""),
}


def file_kind(data: bytes) -> str | None:
    """The name of the file format; None for what is none that is known, as raw samples are."""
    tag = id3_size(data)
    begin = data[tag : tag + LOOKED_AT]
    for name, signature in SIGNATURES.items():
        if signature.match(begin):
            return name
    for name, layers in MPEG_LAYERS.items():
        if frames_follow(data, tag, layers):
            return name
    if tag:
        return MP3
    return _text_kind(begin) or ("float32 samples" if _are_floats(data) else None)


def _are_floats(data: bytes) -> bool:
    """Whether these are 32-bit floats in -1..1, as programs hold sound.

    Of two s16 samples that are read as one float, the second would have to be near half of full scale.
    """
    floats = np.frombuffer(data[: FLOATS * 4], "<f4", min(FLOATS, len(data) // 4))
    with np.errstate(invalid="ignore"):
        sizes = np.abs(floats[floats != 0])
        heard = sizes[(sizes > QUIETEST) & (sizes <= LOUDEST)]
    if len(sizes) < FEWEST_FLOATS or len(heard) < 0.95 * len(sizes):
        return False
    return len(np.unique(np.frexp(heard)[1])) >= EXPONENTS


def id3_size(data: bytes) -> int:
    """Bytes of the ID3v2 tags at the beginning (ID3v2.4.0, structure, 3.1), which any kind may have.

    Some megabytes of empty ones are no file of anybody's, and would take seconds: a few are all that count.
    """
    at = 0
    for _ in range(MOST_TAGS):
        header = ID3_HEADER.match(data, at)
        if header is None:
            break
        size = 0
        for seven_bits in header[2]:
            size = size << 7 | seven_bits
        at += 10 + size + (10 if header[1][0] & ID3_FOOTER else 0)
    return at


def _text_kind(begin: bytes) -> str | None:
    try:
        text = begin.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < LOOKED_AT - 3:  # a character that is cut in two stands at the very end
            return None
        text = begin[: error.start].decode("utf-8")
    text = text.removeprefix("\ufeff")
    if not text or not all(character.isprintable() or character.isspace() for character in text):
        return None
    return next(name for name, form in TEXTS.items() if form.match(text))
