"""Parts to frames: whole ones only, whatever is missing."""

from hypothesis import given
from hypothesis import strategies as st

from argusd.ingest.rtp.assembly import MAX_FRAME_BYTES, EncodedFrame, FrameAssembler, Part


def parts(frames: list[list[bytes]], *, marker: bool = True) -> list[Part]:
    """The parts of these frames, numbered from 0; frame ``n`` has the timestamp ``n``."""
    flat = [
        (timestamp, marker and index == len(frame) - 1, index == 0, data)
        for timestamp, frame in enumerate(frames)
        for index, data in enumerate(frame)
    ]
    return [Part(number, *fields, arrival_ns=10 * number) for number, fields in enumerate(flat)]


def assemble(assembler: FrameAssembler, taken: list[Part]) -> list[EncodedFrame]:
    return [frame for part in taken for frame in assembler.add(part)]


FRAMES = [[b"a", b"b"], [b"c"], [b"d", b"e", b"f"], [b"g"]]


def test_the_marker_ends_a_frame_without_waiting_for_the_next() -> None:
    assembler = FrameAssembler()
    first, second, *_ = parts(FRAMES)
    assert assembler.add(first) == []
    assert assembler.add(second) == [EncodedFrame([b"a", b"b"], 0, 10, follows_loss=False)]


def test_a_frame_has_arrived_when_its_last_missing_part_has() -> None:
    first, second = parts([[b"a", b"b"]])
    (frame,) = assemble(FrameAssembler(), [first._replace(arrival_ns=500), second._replace(arrival_ns=10)])
    assert frame.arrival_ns == 500


def test_without_markers_the_next_timestamp_ends_it() -> None:
    frames = assemble(FrameAssembler(), parts(FRAMES, marker=False))
    assert [b"".join(frame.parts) for frame in frames] == [b"ab", b"c", b"def"]


def test_a_lost_part_costs_its_frame_and_marks_the_next() -> None:
    assembler = FrameAssembler()
    taken = parts(FRAMES)
    frames = assemble(assembler, taken[:4] + taken[5:])
    assert [b"".join(frame.parts) for frame in frames] == [b"ab", b"c", b"g"]
    assert [frame.follows_loss for frame in frames] == [False, False, True]
    assert assembler.mid_frame == 2  # d, and f; e never came


def test_after_the_end_of_an_unusable_frame_the_next_is_usable_without_saying_so() -> None:
    taken = [part._replace(starts_frame=False) for part in parts(FRAMES)]
    frames = assemble(FrameAssembler(), taken[1:])
    assert [b"".join(frame.parts) for frame in frames] == [b"c", b"def", b"g"]


def test_padding_between_frames_changes_nothing() -> None:
    padding = Part(1, 0, marker=False, starts_frame=False, data=b"", arrival_ns=0)
    first, second = parts([[b"a"], [b"b"]])
    assembler = FrameAssembler()
    frames = assemble(assembler, [first, padding, second._replace(number=2, starts_frame=False)])
    assert [b"".join(frame.parts) for frame in frames] == [b"a", b"b"]
    assert assembler.padding == 1


def test_a_frame_without_end_is_dropped() -> None:
    assembler = FrameAssembler()
    chunk = bytes(MAX_FRAME_BYTES // 4)
    endless = [
        Part(number, 0, marker=False, starts_frame=number == 0, data=chunk, arrival_ns=0)
        for number in range(8)
    ]
    assert assemble(assembler, endless) == []
    assert assembler.too_long == 1


@given(
    sizes=st.lists(st.integers(1, 4), min_size=1, max_size=12),
    lost=st.sets(st.integers(0, 47)),
    marker=st.booleans(),
)
def test_whatever_is_lost_only_whole_frames_come_out_in_order(
    sizes: list[int], lost: set[int], marker: bool
) -> None:
    frames = [[b"%d.%d " % (index, part) for part in range(size)] for index, size in enumerate(sizes)]
    taken = parts(frames, marker=marker)
    out = assemble(FrameAssembler(), [part for part in taken if part.number not in lost])
    whole = {b"".join(frame) for frame in frames}
    timestamps = [frame.timestamp for frame in out]
    if marker:
        assert all(b"".join(frame.parts) in whole for frame in out)
    assert timestamps == sorted(set(timestamps))
    if not lost and marker:
        assert len(out) == len(frames)
