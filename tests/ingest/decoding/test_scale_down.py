"""What a sender of pictures that are too large is told."""

from argusd.ingest.decoding.scale_down import ASKED_EVERY_NS, FIRST_BPS, LEAST_BPS, ScaleDown


def test_less_and_less_until_a_picture_fits_and_never_more_again() -> None:
    scale = ScaleDown()
    assert scale.cap(5_000_000) == 5_000_000
    moments = (frame * ASKED_EVERY_NS // 30 for frame in range(150))
    told = [scale.most for moment in moments if scale.too_large(moment)]
    assert told == [FIRST_BPS, FIRST_BPS // 2, LEAST_BPS, LEAST_BPS, LEAST_BPS]
    assert (scale.cap(5_000_000), scale.cap(50_000)) == (LEAST_BPS, 50_000)
