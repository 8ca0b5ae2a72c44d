"""``face_embed`` and ``face_verify``: the largest face of a picture, aligned, to an embedding."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..contract.errors import NoFace
from ..contract.roles import FACE_EMBEDDER, FACE_MESH
from ..contract.tasks.faces import (
    FACE_EMBED,
    FACE_VERIFY,
    FaceEmbed,
    FaceEmbedReply,
    FaceVerify,
    FaceVerifyReply,
)
from ..embeddings import from_wire, to_wire, verdict
from ..models.outputs import Face, FaceEmbedding, Mesh
from ..models.regions import MIN_PRESENCE, face_region, mesh_region
from .found_faces import find_faces
from .functions import performs
from .pictures import is_small_jpeg, open_picture
from .runner import Picture, Runner


class SeenFace(NamedTuple):
    """The largest face, f32 embedding of length 1, how many there are, and the embedding's quality."""

    embedding: NDArray[np.float32]
    face_count: int
    quality: float | None


@performs(FACE_EMBED, short=lambda payload: is_small_jpeg(payload.image_b64))
async def face_embed(payload: FaceEmbed, runner: Runner) -> FaceEmbedReply:
    """The embedding of the largest face.

    Raises:
        ServiceError: ``bad_image``, ``image_too_large``, ``no_face``, or the runner's own.
    """
    seen = await see_face(payload.image_b64, runner)
    model = runner.model(FACE_EMBEDDER).embedding_model
    return FaceEmbedReply(to_wire(seen.embedding), model, seen.face_count, seen.quality)


@performs(FACE_VERIFY, short=lambda payload: is_small_jpeg(payload.image_b64))
async def face_verify(payload: FaceVerify, runner: Runner) -> FaceVerifyReply:
    """Compare the largest face with the reference.

    Raises:
        ServiceError: as ``face_embed``; ``embedding_size`` or ``embedding_model`` for a reference that is not
            this model's.
    """
    model = runner.model(FACE_EMBEDDER)
    reference = from_wire(
        payload.reference_embedding_b64, model.embedding_size, model.embedding_model, payload.reference_model
    )
    seen = await see_face(payload.image_b64, runner)
    threshold = model.threshold if payload.threshold is None else payload.threshold
    return FaceVerifyReply(*verdict(seen.embedding, reference, threshold), seen.face_count, seen.quality)


async def see_face(image: bytes, runner: Runner) -> SeenFace:
    """The largest face of an encoded image.

    Raises:
        ServiceError: ``bad_image``, ``image_too_large``, ``no_face``, or the runner's own.
    """
    runner.model(FACE_EMBEDDER)  # no picture is decoded for a model that is not there
    picture = await open_picture(image, runner)
    return await embed_largest(await find_faces(picture, runner), picture, runner)


async def embed_largest(faces: Sequence[Face], picture: Picture, runner: Runner) -> SeenFace:
    """The largest of the faces found in a picture.

    Raises:
        ServiceError: ``no_face`` where there are none, or the runner's own.
    """
    if not faces:
        raise NoFace("There is no face in the image.")
    largest = max(faces, key=lambda face: face.box.area)
    region = face_region(await _keypoints(largest, picture, runner))
    seen: FaceEmbedding = await runner.infer_picture(FACE_EMBEDDER, picture, region)
    quality = None if seen.quality is None else round(seen.quality, 3)
    return SeenFace(seen.vector, len(faces), quality)


async def _keypoints(face: Face, picture: Picture, runner: Runner) -> NDArray[np.float64]:
    """The points to align by; a mesh has them more exactly than the detector, if it sees a face as well."""
    mesh: Mesh = await runner.infer_picture(FACE_MESH, picture, mesh_region(face.box, face.tilt))
    return mesh.keypoints if mesh.presence >= MIN_PRESENCE else face.keypoints
