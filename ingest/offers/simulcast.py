"""Several encodings of one picture: which of those that an offer sends are received (RFC 8853). Pure.

All of them are: an offer does not say which is the largest, and a sender that is asked for one alone may send
it smaller than it would beside others (libwebrtc does), or, where the answer knows nothing of simulcast, only
its first, which often is the smallest. Which one is decoded is decided by what comes (layers.py).

Senders name their encodings by ``a=rid`` and ``a=simulcast``, or, as before RFC 8853, give their SSRCs in an
``a=ssrc-group:SIM``. What repairs what is told by header extensions (RFC 8852), or by ``a=ssrc-group:FID``.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from .capabilities import RID
from .sdp import Attributes

MAX_LAYERS = 6
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
NUMBER = re.compile(r"[0-9]{1,10}")


class Layers(NamedTuple):
    """The encodings of one picture that are received.

    ``rids`` are their names with the payload types that each may have (empty for any); ``number`` is how many
    there are; ``repairs`` gives for the SSRC of a retransmission stream that of what it repairs.
    """

    rids: Mapping[str, tuple[int, ...]] = {}
    number: int = 1
    repairs: Mapping[int, int] = {}


ONE_LAYER = Layers()


def agreed_layers(section: Attributes, payload_types: Collection[int], extensions: Collection[str]) -> Layers:
    """What of a section's simulcast is received, of these payload types.

    Names are of no use without the header extension that carries them: such an offer is answered as if there
    were no simulcast.
    """
    rids = dict(list(_rids(section, payload_types))[:MAX_LAYERS]) if RID in extensions else {}
    groups = [_group(value) for value in section.get("ssrc-group", ())]
    grouped = max((len(ssrcs) for semantics, ssrcs in groups if semantics == "SIM"), default=1)
    number = min(MAX_LAYERS, len(rids) or grouped)
    if number < 2:
        return ONE_LAYER
    pairs = [ssrcs for semantics, ssrcs in groups if semantics == "FID" and len(ssrcs) == 2]
    return Layers(rids, number, {repair: original for original, repair in pairs[:MAX_LAYERS]})


def simulcast_lines(layers: Layers) -> Iterator[str]:
    """The answer's lines (RFC 8853 section 5.3.2, RFC 8851)."""
    for rid, payload_types in layers.rids.items():
        restriction = f" pt={','.join(map(str, payload_types))}" if payload_types else ""
        yield f"a=rid:{rid} recv{restriction}"
    if layers.rids:
        yield f"a=simulcast:recv {';'.join(layers.rids)}"


def _rids(section: Attributes, payload_types: Collection[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    known = dict(_restrictions(section))
    for name in _sent(section):
        allowed = known.get(name)
        if allowed is None:
            continue
        agreed = tuple(each for each in allowed if each in payload_types)
        if agreed or not allowed:
            yield name, agreed


def _sent(section: Attributes) -> Iterator[str]:
    """The names of the encodings; of alternatives the first, of those that pause ("~") the name alone."""
    for value in section.get("simulcast", ()):
        words = value.split()
        for direction, streams in zip(words[::2], words[1::2], strict=False):
            if direction == "send":
                yield from (each.partition(",")[0].removeprefix("~") for each in streams.split(";"))


def _restrictions(section: Attributes) -> Iterator[tuple[str, tuple[int, ...]]]:
    """For each encoding's name the payload types it may have, empty for any."""
    for value in section.get("rid", ()):
        name, direction, restrictions, *_ = (*value.split(maxsplit=2), "", "", "")
        if direction == "send" and NAME.fullmatch(name):
            pairs = dict(each.strip().partition("=")[::2] for each in restrictions.split(";"))
            numbers = pairs.get("pt", "").split(",")
            yield name, tuple(int(each) for each in numbers if NUMBER.fullmatch(each))


def _group(value: str) -> tuple[str, list[int]]:
    semantics, *ssrcs = (*value.split(), "")
    return semantics, [int(each) for each in ssrcs if NUMBER.fullmatch(each) and int(each) < 1 << 32]
