"""RTP and RTCP cut off at every length: each is counted, and the pictures go on."""

import struct

import pytest

from argusd.ingest.guard import MIN_DATAGRAM

from ..ingest.conftest import Rig
from ..ingest.test_misbehaving_senders import Liar
from .outcome import Outcome

RTCP_HEADER = 8
SSRC = 4242
# A sender report with a block in it, a receiver report, a goodbye of three and a description.
REPORTS = (
    struct.pack("!BBHL11L", 0x81, 200, 12, SSRC, *range(11)),
    struct.pack("!BBHL6L", 0x81, 201, 7, SSRC, *range(6)),
    struct.pack("!BBH3L", 0x83, 203, 3, *range(3)),
    struct.pack("!BBHLBB6s", 0x81, 202, 3, SSRC, 1, 6, b"sender"),
)


@pytest.mark.fault(13, "truncated RTP and RTCP")
async def test_each_is_counted_and_nothing_is_lost(worker: Rig, outcome: Outcome) -> None:
    liar = Liar()
    place = await liar.publish(worker)
    cut = [report[:length] for report in REPORTS for length in range(RTCP_HEADER, len(report))]
    for report in cut:
        await liar.say(report)
    datagram = min(liar.encrypted, key=len)
    for length in range(1, len(datagram)):
        await liar.throw(datagram[:length])
    told = {
        "malformed_packet": len(cut),
        "short_datagram": MIN_DATAGRAM - 1,
        "srtp_refused_packet": len(datagram) - MIN_DATAGRAM,
    }
    counters = await worker.counters("video", lambda each: each.dropped == told)
    await worker.written(place, counters.frames + 10)
    outcome.lost(0)
