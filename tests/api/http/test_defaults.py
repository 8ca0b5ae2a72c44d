from pathlib import Path

from argusd.api.config import ApiConfig
from argusd.api.http.defaults import with_defaults
from argusd.scheduler.contract.tasks.documents import DocIdVerify, DocOcr
from argusd.scheduler.contract.tasks.faces import FaceEmbed

CONFIG = ApiConfig(runtime_dir=Path("/run"), state_dir=Path("/state"), ocr_languages="en,hi")


def test_a_page_is_read_in_the_configured_languages_unless_the_caller_names_some() -> None:
    assert with_defaults(DocOcr(image_b64=b"i"), CONFIG) == DocOcr(image_b64=b"i", language="en,hi")
    named = DocIdVerify(id_image_b64=b"i", face_image_b64=b"f", language="en")
    assert with_defaults(named, CONFIG) is named


def test_other_tasks_are_as_the_caller_asked() -> None:
    face = FaceEmbed(image_b64=b"i")
    assert with_defaults(face, CONFIG) is face
