"""The squares in which a small face on a document is looked for."""

from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.core import Roi
from argusd.scheduler.models.regions import tiles


def test_half_of_a_picture_at_a_time() -> None:
    assert tiles(400, 300, 1 / 2, 1 / 2) == [Roi(x, y, 200) for y in (100, 200) for x in (100, 200, 300)]


def test_a_strip_needs_one_row() -> None:
    assert tiles(400, 100, 1 / 2, 1 / 2) == [Roi(x, 50, 200) for x in (100, 200, 300)]


@given(st.integers(130, 5000), st.integers(130, 5000), st.sampled_from([1 / 2, 1 / 4]), st.data())
def test_every_face_up_to_half_a_square_is_whole_in_one(
    width: int, height: int, part: float, data: st.DataObject
) -> None:
    side = max(width, height) * part
    size = min(side / 2, width, height)
    left = data.draw(st.floats(0, width - size))
    top = data.draw(st.floats(0, height - size))
    assert any(
        roi.center_x - side / 2 <= left + 1e-6
        and left + size <= roi.center_x + side / 2 + 1e-6
        and roi.center_y - side / 2 <= top + 1e-6
        and top + size <= roi.center_y + side / 2 + 1e-6
        for roi in tiles(width, height, part, 1 / 2)
    )
