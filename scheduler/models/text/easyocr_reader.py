"""EasyOCR: text in pictures (Jaided AI, Apache-2.0).

CRAFT finds words (Baek et al., "Character Region Awareness for Text Detection", CVPR 2019), a convolutional
recurrent network with CTC reads them (Shi et al., arXiv 1507.05717). The library runs both; in between a page
that lies askew is turned upright, because the recogniser was trained on straight lines.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...allowed_cores import whole_cores
from ...contract.roles import OCR
from ...errors import InferenceFailed
from ...zoo.importers.pytorch.torch_checkpoint import read_weights
from ...zoo.importers.pytorch.torchvision_shim import ensure_torchvision
from ...zoo.store import ZooStore
from ..outputs import ZONE_ALPHABET, Box, TextBlock
from ..registry import Library, register
from ..zone_lines import around, as_long_as, zone_lines
from .pages import Pages
from .tilt import STRAIGHT, Turn, moved, tilt, turn
from .trial import trial_page

DETECTOR = "craft_mlt_25k.pth"
ENGLISH = "english_g2.pth"
# Language (ISO 639-1) → the store's entry and file of its recogniser, which reads English as well.
OTHER_SCRIPTS = {"hi": ("easyocr_en_hi", "devanagari.pth")}
CANVAS = (
    1280  # longer side where words are looked for, 110 dpi of an A4 page; they are read from the whole one
)
SMALLEST = 8  # pixels of a side below which nothing can be read
LONGEST = 4096  # pixels of a side; larger pictures are read scaled down
WORD_GAP = 1.0  # of a line's height; what lies closer is read as one piece
SAME_HEIGHT = SAME_LINE = 0.5  # of a line's height
MARGIN = 0.2  # of a line
MOST_PAGES = 2  # at a time: each takes a gigabyte for a while
SAMPLE = 6  # words that are read both ways where a page may be upside down
SURE = 0.5  # mean confidence below which a page may be upside down


class EasyOcr:
    """The ``ocr`` role, on ``cpu`` or ``cuda:N``. Threads may read at the same time; see ``Pages``.

    Other languages than English are looked up when they are asked for, so that they may come later.
    """

    role = OCR
    languages = frozenset({"en", *OTHER_SCRIPTS})

    def __init__(self, name: str, store: ZooStore, device: str) -> None:
        self.name = name
        self._device = device
        self._store = store
        self._pages = Pages(whole_cores(), MOST_PAGES)
        self._loading = threading.Lock()
        self._readers: dict[tuple[str, ...], Any] = {}

    def check(self) -> None:
        """Load the English reader and read a word.

        Raises:
            InferenceFailed: EasyOCR is not installed or does not run here.
            ModelUnavailableError: its files are not in the store.
        """
        self.read(trial_page(), ["en"])

    def read(
        self,
        bgr: NDArray[np.uint8],
        languages: Sequence[str],
        given_up: Callable[[], bool] = lambda: False,
    ) -> list[TextBlock]:
        """See ``TextReader``."""
        scale = min(1.0, LONGEST / max(bgr.shape[:2]))
        size = tuple(max(1, round(side * scale)) for side in bgr.shape[1::-1])
        page = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8) if scale < 1 else bgr
        if min(page.shape[:2]) < SMALLEST:
            return []
        with self._pages.one():
            blocks = [] if given_up() else self._read(page, tuple(sorted(set(languages))), given_up)
        return [block._replace(corners=block.corners / scale) for block in blocks]

    def zone_steps(self, line: NDArray[np.uint8]) -> None:
        """See ``TextReader``: its library tells no more than a text."""

    def _read(
        self, page: NDArray[np.uint8], languages: tuple[str, ...], given_up: Callable[[], bool]
    ) -> list[TextBlock]:
        reader = self._reader(languages)
        with self._share_of_cores() as take_share:

            def over() -> bool:
                take_share()
                return given_up()

            return self._read_by(reader, page, over)

    def _read_by(self, reader: Any, page: NDArray[np.uint8], given_up: Callable[[], bool]) -> list[TextBlock]:
        quads = self._words(page)
        if not len(quads):
            return []
        upright = _upright(page, tilt(quads))
        blocks = _recognise(reader, upright, quads, given_up)
        if blocks and not _is_sure(blocks) and not given_up():
            over = _upside_down(upright)
            sample = _longest(quads)
            seen, seen_over = (_recognise(reader, each, sample, given_up) for each in (upright, over))
            if _mean_confidence(seen_over) > _mean_confidence(seen):
                upright, blocks = over, _recognise(reader, over, quads, given_up)
        return _zone_again(reader, upright, blocks)

    def _words(self, bgr: NDArray[np.uint8]) -> NDArray[np.float64]:
        reader = self._reader(("en",))
        (words,) = reader.get_textbox(
            reader.detector,
            cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB),
            canvas_size=CANVAS,
            mag_ratio=1.0,
            text_threshold=0.7,  # EasyOCR's own defaults
            link_threshold=0.4,
            low_text=0.4,
            poly=False,
            device=reader.device,
        )
        return np.array(words, np.float64).reshape(-1, 4, 2)

    @contextmanager
    def _share_of_cores(self) -> Iterator[Callable[[], None]]:
        """Let this thread compute on as many cores as there are for a page; what is given asks again."""
        import torch

        before = torch.get_num_threads()

        def take_share() -> None:
            torch.set_num_threads(self._pages.threads)

        take_share()
        try:
            yield take_share
        finally:
            torch.set_num_threads(before)

    def _reader(self, languages: tuple[str, ...]) -> Any:
        with self._loading:
            if languages not in self._readers:
                self._readers[languages] = self._load(languages)
            return self._readers[languages]

    def _load(self, languages: tuple[str, ...]) -> Any:
        script = next((language for language in languages if language != "en"), None)
        recogniser = OTHER_SCRIPTS[script] if script else (self.name, ENGLISH)
        for file in [recogniser] if script else [recogniser, (self.name, DETECTOR)]:
            # EasyOCR reads it again, with an MD5 of its own, and unpickles whatever it finds; what loads as
            # plain tensors can do no harm there.
            read_weights(self._store.read(*file).content)
        folder = self._store.file(*recogniser).parent
        return _make_reader(list(languages), folder, self._device, detector=script is None)


def _make_reader(languages: list[str], folder: Path, device: str, *, detector: bool) -> Any:
    try:
        ensure_torchvision()
        import easyocr
    except (ImportError, RuntimeError) as error:
        raise InferenceFailed("reading text needs EasyOCR: pip install 'argusd[ocr]'") from error
    return easyocr.Reader(
        languages,
        gpu=False if device == "cpu" else device,
        model_storage_directory=str(folder),
        user_network_directory=str(folder),
        download_enabled=False,
        detector=detector,
        verbose=False,
        quantize=False,
    )


def _recognise(
    reader: Any, turned: Turn, quads: NDArray[np.float64], given_up: Callable[[], bool]
) -> list[TextBlock]:
    from easyocr.utils import group_text_box

    upright = moved(quads, turned.there)
    low, high = upright.min(axis=1), upright.max(axis=1)
    corners = np.hstack([low, high[:, :1], low[:, 1:], high, low[:, :1], high[:, 1:]])
    pieces, _ = group_text_box(corners.astype(np.int32), 1.0, SAME_LINE, SAME_HEIGHT, WORD_GAP, MARGIN)
    grey = cv2.cvtColor(turned.picture, cv2.COLOR_BGR2GRAY)
    blocks = []
    for piece in pieces:
        if given_up():
            break
        # EasyOCR takes them one by one as well: they differ in width, and padding would cost time.
        ((box, text, confidence),) = reader.recognize(grey, [piece], [], reformat=False)
        if text.strip():
            corners = np.array(box, np.float64)
            blocks.append(_block(text.strip(), float(confidence), corners, turned.back))
    return blocks


def _block(
    text: str, confidence: float, corners: NDArray[np.float64], back: NDArray[np.float64]
) -> TextBlock:
    upright = Box(*corners.min(axis=0).tolist(), *corners.max(axis=0).tolist())
    return TextBlock(text, confidence, moved(corners, back), upright)


def _upright(page: NDArray[np.uint8], tilted: float) -> Turn:
    """Turned back by what is more than the inexactness of the words' boxes."""
    quarters = 90.0 * round(tilted / 90)
    degrees = quarters if abs(tilted - quarters) <= STRAIGHT else tilted
    return turn(page, degrees) if degrees else Turn(page, np.eye(2, 3), np.eye(2, 3))


def _upside_down(turned: Turn) -> Turn:
    height, width = turned.picture.shape[:2]
    half = np.array([[-1.0, 0.0, width], [0.0, -1.0, height]])
    picture = np.ascontiguousarray(turned.picture[::-1, ::-1])
    whole = np.vstack([half, [0, 0, 1]]) @ np.vstack([turned.there, [0, 0, 1]])
    return Turn(picture, whole[:2], np.linalg.inv(whole)[:2])


def _zone_again(reader: Any, turned: Turn, blocks: list[TextBlock]) -> list[TextBlock]:
    """With the lines of a machine-readable zone read once more, each in one piece."""
    grey = cv2.cvtColor(turned.picture, cv2.COLOR_BGR2GRAY)
    replaced: dict[int, TextBlock | None] = {}
    lines = zone_lines(blocks)
    boxes = [around([blocks[number].upright for number in line]) for line in lines]
    for line, box in zip(lines, map(partial(as_long_as, around(boxes)), boxes), strict=True):
        bounds = [round(side) for side in (box.left, box.right, box.top, box.bottom)]
        found = reader.recognize(grey, [bounds], [], allowlist=ZONE_ALPHABET, reformat=False)
        ((corners, text, confidence),) = found
        again = _block(text, float(confidence), np.array(corners, np.float64), turned.back)
        replaced |= dict.fromkeys(line) | {line[0]: again}
    kept = (replaced.get(number, block) for number, block in enumerate(blocks))
    return [block for block in kept if block is not None]


def _is_sure(blocks: Sequence[TextBlock]) -> bool:
    """Whether the page is not upside down: no zone is read in one that is."""
    return bool(zone_lines(blocks)) or _mean_confidence(blocks) >= SURE


def _longest(quads: NDArray[np.float64]) -> NDArray[np.float64]:
    """The few words that tell best which way up a page is."""
    lengths = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
    return quads[np.argsort(lengths)[-SAMPLE:]]


def _mean_confidence(blocks: Sequence[TextBlock]) -> float:
    """Of a character."""
    if not blocks:
        return 0.0
    return float(np.average([b.confidence for b in blocks], weights=[len(b.text) for b in blocks]))


register(Library(EasyOcr), "easyocr_en", "easyocr_en_hi")
