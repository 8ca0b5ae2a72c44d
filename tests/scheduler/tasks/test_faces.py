"""Faces of real people through the real models, and what is refused."""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from argusd.scheduler.contract.errors import (
    BadPicture,
    EmbeddingModel,
    EmbeddingSize,
    NoFace,
    PictureTooLarge,
)
from argusd.scheduler.contract.tasks.faces import FaceEmbed, FaceVerify
from argusd.scheduler.models.regions import CORNERS, MIDDLE, face_region
from argusd.scheduler.tasks.faces import face_embed, face_verify

from ..recordings import Runners
from .direct_runner import DirectRunner

OBAMA, BIDEN = ("obama.jpg", "obama2.jpg"), ("biden.jpg", "two_people.jpg")  # the largest of the two
ALL = OBAMA + BIDEN
PAIRS = list(combinations(ALL, 2))


@pytest.fixture
def runner(runners: Runners) -> DirectRunner:
    return DirectRunner(runners)


async def embedding(runner: DirectRunner, image: bytes) -> bytes:
    return (await face_embed(FaceEmbed(image_b64=image), runner)).embedding_b64


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_a_person_matches_oneself_and_nobody_else(
    runner: DirectRunner, media: Path, one: str, other: str
) -> None:
    reference = await embedding(runner, (media / one).read_bytes())
    payload = FaceVerify(image_b64=(media / other).read_bytes(), reference_embedding_b64=reference)
    found = await face_verify(payload, runner)
    assert found.match is any({one, other} <= set(person) for person in (OBAMA, BIDEN)), found
    assert found.match == (found.score >= found.threshold)
    assert 0.5 <= found.confidence <= 1


async def test_both_people_of_a_picture_are_counted_and_the_larger_face_is_taken(
    runner: DirectRunner, media: Path
) -> None:
    payload = FaceEmbed(image_b64=(media / "two_people.jpg").read_bytes())
    assert (await face_embed(payload, runner)).face_count == 2


async def test_an_embedding_is_a_unit_vector_of_little_endian_float32(
    runner: DirectRunner, media: Path
) -> None:
    vector = np.frombuffer(await embedding(runner, (media / "biden.jpg").read_bytes()), "<f4")
    assert vector.shape == (1024,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
async def test_the_format_makes_no_difference(runner: DirectRunner, media: Path, suffix: str) -> None:
    reference = await embedding(runner, (media / "biden.jpg").read_bytes())
    encoded = cv2.imencode(suffix, np.asarray(cv2.imread(str(media / "biden.jpg"))))[1].tobytes()
    found = await face_verify(FaceVerify(image_b64=encoded, reference_embedding_b64=reference), runner)
    assert found.score > 0.98


@pytest.mark.parametrize("degrees", [-30, -15, 15, 30])
async def test_a_tilted_head_is_the_same_person(runner: DirectRunner, media: Path, degrees: int) -> None:
    reference = await embedding(runner, (media / "biden.jpg").read_bytes())
    upright = np.asarray(cv2.imread(str(media / "biden.jpg")))
    turn = cv2.getRotationMatrix2D((580.0, 380.0), degrees, 1.0)
    tilted = cv2.warpAffine(upright, turn, (upright.shape[1], upright.shape[0]))
    image = cv2.imencode(".jpg", tilted)[1].tobytes()
    found = await face_verify(FaceVerify(image_b64=image, reference_embedding_b64=reference), runner)
    assert found.score > 0.9


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param(np.rot90, id="on its side"),
        pytest.param(lambda pixels: np.rot90(pixels, 2), id="upside down"),
        pytest.param(lambda pixels: np.rot90(pixels, 3), id="on its other side"),
        pytest.param(lambda pixels: pixels[270:530, 450:710], id="it fills the picture"),
        pytest.param(lambda pixels: on_a_table(pixels, 0.11), id="far away"),
    ],
)
async def test_a_face_is_found_however_it_lies(
    runner: DirectRunner, media: Path, shown: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    pixels = np.asarray(cv2.imread(str(media / "biden.jpg")), np.uint8)
    reference = await embedding(runner, (media / "biden.jpg").read_bytes())
    image = cv2.imencode(".jpg", np.ascontiguousarray(shown(pixels)))[1].tobytes()
    found = await face_verify(FaceVerify(image_b64=image, reference_embedding_b64=reference), runner)
    assert found.match
    assert found.face_count == 1


def on_a_table(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    table = np.full((900, 1600, 3), 90, np.uint8)
    small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    table[600 : 600 + small.shape[0], 200 : 200 + small.shape[1]] = small
    return table


async def test_the_callers_threshold_decides(runner: DirectRunner, media: Path) -> None:
    reference = await embedding(runner, (media / "obama.jpg").read_bytes())
    image = (media / "obama2.jpg").read_bytes()
    strict = FaceVerify(image_b64=image, reference_embedding_b64=reference, threshold=0.99)
    assert (await face_verify(strict, runner)).match is False
    lax = FaceVerify(image_b64=image, reference_embedding_b64=reference, threshold=0.0)
    assert (await face_verify(lax, runner)).match is True


async def test_where_nobody_is_there_is_no_face(runner: DirectRunner) -> None:
    wall = cv2.imencode(".jpg", np.full((480, 640, 3), 120, np.uint8))[1].tobytes()
    with pytest.raises(NoFace):
        await face_embed(FaceEmbed(image_b64=wall), runner)


@pytest.mark.parametrize(
    ("image", "error"),
    [
        pytest.param(b"", BadPicture, id="nothing"),
        pytest.param(b"not an image at all, but long enough", BadPicture, id="not an image"),
        pytest.param(
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + (20_000).to_bytes(4, "big") * 2,
            PictureTooLarge,
            id="20000x20000",
        ),
    ],
)
async def test_bad_pictures_are_refused(runner: DirectRunner, image: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        await face_embed(FaceEmbed(image_b64=image), runner)


async def test_a_reference_of_another_size_is_refused_before_the_picture_is_looked_at(
    runner: DirectRunner,
) -> None:
    with pytest.raises(EmbeddingSize, match="1024 float32 numbers"):
        await face_verify(FaceVerify(image_b64=b"", reference_embedding_b64=bytes(512 * 4)), runner)


async def test_an_embedding_says_who_made_it_and_another_models_is_refused(
    runner: DirectRunner, media: Path
) -> None:
    seen = await face_embed(FaceEmbed(image_b64=(media / "biden.jpg").read_bytes()), runner)
    assert seen.model == "faceres_2"
    for another in ("arcface_mbf", "faceres"):  # the second is the same network, fed in another way
        payload = FaceVerify(
            image_b64=b"",
            reference_embedding_b64=seen.embedding_b64,
            reference_model=another,
        )
        with pytest.raises(EmbeddingModel):
            await face_verify(payload, runner)


async def test_one_person_in_two_pictures_is_nearer_than_any_two_people(
    runner: DirectRunner, media: Path
) -> None:
    """By far: what lies between leaves room for worse pictures than these."""
    seen = {name: np.frombuffer(await embedding(runner, (media / name).read_bytes()), "<f4") for name in ALL}
    likeness = {pair: float(seen[pair[0]] @ seen[pair[1]]) for pair in PAIRS}
    same = min(likeness[pair] for pair in (OBAMA, BIDEN))
    other = max(value for pair, value in likeness.items() if pair not in (OBAMA, BIDEN))
    assert same - other > 0.25


@pytest.mark.parametrize("template", [CORNERS, MIDDLE])
def test_a_face_that_lies_as_the_template_does_is_not_moved(template: NDArray[np.float64]) -> None:
    np.testing.assert_allclose(face_region(112 * template), (56, 56, 112, 0), atol=1e-9)
