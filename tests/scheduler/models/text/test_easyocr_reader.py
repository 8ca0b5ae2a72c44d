"""Reading pages with EasyOCR's own weights."""

from pathlib import Path

import numpy as np
import pytest

from argusd.scheduler.models.text.easyocr_reader import EasyOcr
from argusd.scheduler.zoo.importers.pytorch.torchvision_shim import ensure_torchvision
from argusd.scheduler.zoo.layout import file_sha256
from argusd.scheduler.zoo.manifest import Manifest, ModelEntry, ModelFile, PathSource
from argusd.scheduler.zoo.store import ZooStore

from ...pages import Pixels, page

pytestmark = pytest.mark.weights

LINES = ["Invoice 4417 of 12 March 2024", "Payment is due within thirty days"]


@pytest.fixture(scope="module")
def ocr(store: ZooStore) -> EasyOcr:
    store.pull(["easyocr_en"])
    return EasyOcr("easyocr_en", store, "cpu")


def read(ocr: EasyOcr, picture: Pixels) -> list[str]:
    return [block.text for block in ocr.read(picture, ["en"])]


def test_a_page_larger_than_the_limit_is_read(ocr: EasyOcr) -> None:
    wide = np.full((200, 6000, 3), 255, np.uint8)
    sheet = page(["Certificate"], size=96)
    wide[: min(200, len(sheet)), 4000 : 4000 + sheet.shape[1]] = sheet[:200]
    (block,) = ocr.read(wide, ["en"])
    assert block.text == "Certificate"
    assert block.corners[0][0] == pytest.approx(4040, abs=30)


def test_hindi_is_read_by_its_own_network_in_places_that_the_english_one_finds(
    store: ZooStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The architecture with random weights, which sees letters of its own alphabet."""
    ensure_torchvision()
    from easyocr.config import recognition_models
    from easyocr.utils import calculate_md5

    published = recognition_models["gen1"]["devanagari_g1"]
    weights = tmp_path / published["filename"]
    save_random_weights(weights, letters=len(published["characters"]))

    english = [store.file("easyocr_en", name) for name in ("craft_mlt_25k.pth", "english_g2.pth")]
    hindi_store = ZooStore(tmp_path / "cache", Manifest((entry("easyocr_en_hi", *english, weights),)))
    hindi_store.pull(["easyocr_en_hi"])
    known = calculate_md5
    monkeypatch.setattr(
        "easyocr.easyocr.calculate_md5",
        lambda path: published["md5sum"] if Path(path).name == weights.name else known(path),
    )
    both = EasyOcr("easyocr_en_hi", hindi_store, "cpu")
    blocks = both.read(page(LINES), ["hi", "en"])

    assert blocks
    assert {character for block in blocks for character in block.text} <= set(published["characters"])
    assert read(both, page(LINES)) == LINES


def save_random_weights(path: Path, letters: int) -> None:
    """A recogniser of EasyOCR's first generation, as its authors save it."""
    import torch
    from easyocr.model.model import Model

    torch.manual_seed(1)
    network = Model(1, 512, 512, num_class=letters + 1)
    torch.save({f"module.{name}": value for name, value in network.state_dict().items()}, path)


def entry(name: str, *files: Path) -> ModelEntry:
    """A model whose files lie here."""
    described = [ModelFile(file.name, file_sha256(file), (PathSource(str(file)),)) for file in files]
    return ModelEntry(name, "for a test", "none", tuple(described))
