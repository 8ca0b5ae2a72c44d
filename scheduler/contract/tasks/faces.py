"""Tasks about one face: to keep it as an embedding, and to verify that it is the one kept."""

from ..names import Name
from ..roles import FACE_DETECTOR, FACE_EMBEDDER, FACE_MESH
from .spec import Image, Payload, Reply, TaskPath, TaskSpec, Unit

FACE_ROLES = (FACE_DETECTOR, FACE_MESH, FACE_EMBEDDER)


class FaceEmbed(Payload, frozen=True):
    """The largest face of an image → its embedding."""

    image_b64: Image


class FaceEmbedReply(Reply, frozen=True):
    """The embedding of the largest face, the ``model`` that made it, and how many faces there are.

    ``quality``: how probably the same person matches it: a blurred, small, dark or covered face is no good
    reference. Null where the model does not tell.
    """

    embedding_b64: bytes
    model: str
    face_count: int
    quality: Unit | None = None


class FaceVerify(Payload, frozen=True):
    """Is the face of the image the one of the reference embedding?"""

    image_b64: Image
    reference_embedding_b64: bytes
    reference_model: Name | None = None
    threshold: Unit | None = None


class FaceVerifyReply(Reply, frozen=True):
    """The verdict on the largest of ``face_count`` faces.

    ``score``: the cosine of the two embeddings, 0 where it is negative; ``match``: it reaches the threshold.
    ``confidence`` is in the verdict, whichever it is: 0.5 at the threshold, 1 furthest from it.
    ``quality``: of the image's face, as in ``face_embed``: a poor one seldom matches, whosever it is.
    """

    match: bool
    score: Unit
    confidence: Unit
    threshold: Unit
    face_count: int
    quality: Unit | None = None


FACE_EMBED = TaskSpec(
    name="face_embed",
    payload=FaceEmbed,
    reply=FaceEmbedReply,
    domain="face",
    tier="live",
    paths=(TaskPath("/face/embed"),),
    roles=FACE_ROLES,
)
FACE_VERIFY = TaskSpec(
    name="face_verify",
    payload=FaceVerify,
    reply=FaceVerifyReply,
    domain="face",
    tier="live",
    paths=(TaskPath("/face/verify"),),
    roles=FACE_ROLES,
)
