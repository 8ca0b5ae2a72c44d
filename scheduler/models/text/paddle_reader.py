"""PP-OCR: text in pictures (PaddleOCR, Apache-2.0), as RapidOCR publishes its graphs, without their library.

A detector with differentiable binarization finds lines, a convolutional network with CTC reads each, upright
and 48 pixels high. ONNX Runtime runs both.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ...allowed_cores import whole_cores
from ...contract.names import cuda_index
from ...contract.roles import OCR
from ...errors import InferenceFailed
from ...zoo.errors import ModelUnavailableError
from ...zoo.store import ZooStore
from ..outputs import Box, TextBlock
from ..registry import Library, register
from ..strips import corners_of, strip
from .ctc import ZoneColumns, likeliest
from .easyocr_reader import EasyOcr
from .text_regions import regions
from .tilt import tilt
from .trial import trial_page

DETECTOR = "PP-OCRv6_det_small.onnx"
RECOGNISER = "PP-OCRv6_rec_small.onnx"
LANGUAGES = frozenset({"en", "de", "es", "fr", "it", "nl", "pl", "pt"})
# Read by another model, whose files may come later.
ELSEWHERE = {"hi": "easyocr_en_hi"}
CANVAS = 1280  # longer side where lines are looked for, 110 dpi of an A4 page
LARGE_CANVAS = 2560  # the same where lines turn out too small
SMALL = 18.0  # pixels of half of the lines on the canvas, below which others are missed
FEW = 3  # lines, on a picture that may hold many
STRIDE = 32  # the detector's sides are multiples of it
SMALLEST = 8  # pixels of a side below which nothing can be read
LINE = 48  # pixels of a line's height, which the recogniser was trained with
MOST_PAGES = 2  # at a time
LEGIBLE = 0.5  # confidence below which a piece is no text
SAMPLE = 6  # lines that are read both ways
CLEAR = 0.9  # mean confidence that no page has which is upside down


class PaddleOcr:
    """The ``ocr`` role, on ``cpu`` or ``cuda:N``. Threads may read at the same time."""

    role = OCR
    languages = LANGUAGES | ELSEWHERE.keys()

    def __init__(self, name: str, store: ZooStore, device: str) -> None:
        self.name = name
        self._store = store
        self._device = device
        self._loading = threading.Lock()
        self._graphs: _Graphs | None = None
        self._reader: EasyOcr | None = None
        self._places = threading.BoundedSemaphore(MOST_PAGES)

    def check(self) -> None:
        """Load it and read a word.

        Raises:
            InferenceFailed: it does not run here.
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
        for language in sorted(ELSEWHERE.keys() & set(languages)):
            return self._other(ELSEWHERE[language]).read(bgr, languages, given_up)
        if min(bgr.shape[:2]) < SMALLEST:
            return []
        with self._places:
            return [] if given_up() else list(self._read(bgr, given_up))

    def zone_steps(self, line: NDArray[np.uint8]) -> NDArray[np.float32]:
        """See ``TextReader``."""
        steps, *_ = self._recognise(strip(line, corners_of(line), LINE))
        return steps

    def _read(self, page: NDArray[np.uint8], given_up: Callable[[], bool]) -> Iterator[TextBlock]:
        quads = self._lines(page, CANVAS)
        if _hardly_legible(quads, page):
            quads = self._closer(page, quads)
        tilted = tilt(quads)
        quads = _along(quads, tilted)
        if self._is_upside_down(page, quads):
            tilted, quads = tilted + 180, np.roll(quads, 2, axis=1)
        there = _rotation(-tilted)
        downwards = np.argsort((quads.mean(axis=1) @ there.T)[:, 1])
        for quad in quads[downwards]:
            if given_up():
                return
            steps, text, confidence = self._recognise(strip(page, quad, LINE))
            if text.strip() and confidence >= LEGIBLE:
                yield TextBlock(text.strip(), confidence, quad, _upright(quad @ there.T), steps)

    def _is_upside_down(self, page: NDArray[np.uint8], quads: NDArray[np.float64]) -> bool:
        lengths = np.linalg.norm(quads[:, 1] - quads[:, 0], axis=1)
        sample = quads[np.argsort(lengths)[-SAMPLE:]]
        as_is = self._mean_confidence(page, sample)
        return as_is < CLEAR and self._mean_confidence(page, np.roll(sample, 2, axis=1)) > as_is

    def _mean_confidence(self, page: NDArray[np.uint8], quads: NDArray[np.float64]) -> float:
        """Of a character."""
        read = [self._recognise(strip(page, quad, LINE)) for quad in quads]
        lengths = [len(text) for _, text, _ in read]
        return float(np.average([sure for *_, sure in read], weights=lengths)) if sum(lengths) else 0.0

    def _lines(self, page: NDArray[np.uint8], canvas: int) -> NDArray[np.float64]:
        height, width = page.shape[:2]
        scale = min(1.0, canvas / max(height, width))
        size = [max(STRIDE, round(side * scale / STRIDE) * STRIDE) for side in (width, height)]
        small = np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8)
        found = regions(self._loaded().detect(small))
        return np.asarray(found * (width / size[0], height / size[1]), np.float64)

    def _closer(self, page: NDArray[np.uint8], quads: NDArray[np.float64]) -> NDArray[np.float64]:
        """The lines of where there are any, looked for at a larger scale."""
        left, top, right, bottom = _surroundings(quads, page)
        found = self._lines(page[top:bottom, left:right], LARGE_CANVAS)
        found += np.array([left, top])
        return found if len(found) > len(quads) else quads

    def _recognise(self, line: NDArray[np.uint8]) -> tuple[NDArray[np.float32], str, float]:
        graphs = self._loaded()
        steps = graphs.recognise(line)
        return graphs.zone.steps(steps), *likeliest(steps, graphs.characters)

    def _other(self, name: str) -> EasyOcr:
        if find_spec("easyocr") is None:
            raise ModelUnavailableError(f"{name} needs EasyOCR: pip install 'argusd[ocr]'")
        with self._loading:
            if self._reader is None:
                self._reader = EasyOcr(name, self._store, self._device)
            return self._reader

    def _loaded(self) -> "_Graphs":
        with self._loading:
            if self._graphs is None:
                files = [self._store.read(self.name, file).content for file in (DETECTOR, RECOGNISER)]
                self._graphs = _load(files[0], files[1], self._device)
            return self._graphs


class _Graphs(NamedTuple):
    """The graphs, loaded. ``characters``: what the recogniser's columns are, the blank left out."""

    detector: onnxruntime.InferenceSession
    recogniser: onnxruntime.InferenceSession
    characters: list[str]
    zone: ZoneColumns

    def detect(self, bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        """How likely each pixel is to be text, f32 ``[H, W]``."""
        return np.asarray(_run(self.detector, bgr)[0, 0], np.float32)

    def recognise(self, bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        """How likely each character is at each step, f32 ``[T, 1 + len(characters)]``."""
        return np.asarray(_run(self.recogniser, bgr)[0], np.float32)


def _load(detector: bytes, recogniser: bytes, device: str) -> _Graphs:
    reader = _session(recogniser, device)
    characters = reader.get_modelmeta().custom_metadata_map["character"].split("\n")
    characters.append(" ")
    return _Graphs(_session(detector, device), reader, characters, ZoneColumns(characters))


def _session(graph: bytes, device: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = whole_cores()
    options.log_severity_level = 3  # errors only
    options.enable_cpu_mem_arena = False  # pages differ in size, and none is to keep the largest one's memory
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list[Any] = ["CPUExecutionProvider"]
    if device != "cpu":
        index = {"device_id": cuda_index(device), "cudnn_conv_algo_search": "HEURISTIC"}
        providers.insert(0, ("CUDAExecutionProvider", index))
    try:
        return onnxruntime.InferenceSession(graph, options, providers=providers)
    except Exception as error:
        raise InferenceFailed("ONNX Runtime cannot load the text reader's graphs") from error


def _run(session: onnxruntime.InferenceSession, bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The only output for pixels scaled to -1..1."""
    planes = (bgr.astype(np.float32) / 127.5 - 1).transpose(2, 0, 1)
    (output,) = session.run(None, {"x": planes[np.newaxis]})
    return np.asarray(output, np.float32)


def _hardly_legible(quads: NDArray[np.float64], page: NDArray[np.uint8]) -> bool:
    """Whether there is more to see of a page than what its lines were looked for in."""
    scale = float(CANVAS / max(page.shape[:2]))
    if scale >= 1 or len(quads) < FEW:
        return scale < 1
    sides = np.linalg.norm(np.roll(quads, -1, axis=1) - quads, axis=2)
    return float(np.median(sides.min(axis=1))) * scale < SMALL


def _surroundings(quads: NDArray[np.float64], page: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of lines and as much around them; of all the page where there are none."""
    height, width = page.shape[:2]
    if not len(quads):
        return 0, 0, width, height
    low, high = quads.min(axis=(0, 1)), quads.max(axis=(0, 1))
    reach = float((high - low).max())
    left, top = np.clip(low - reach, 0, None).astype(int).tolist()
    right, bottom = np.clip(high + reach, None, (width, height)).astype(int).tolist()
    return left, top, right, bottom


def _rotation(degrees: float) -> NDArray[np.float64]:
    """2×2, clockwise as seen."""
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]], np.float64)


def _upright(corners: NDArray[np.float64]) -> Box:
    """From end to end and as high as the line itself, which is lower than its bounds where it runs aslant."""
    (left, _), (right, _) = corners.min(axis=0), corners.max(axis=0)
    middle = corners[:, 1].mean()
    half = np.linalg.norm(corners[3] - corners[0]) / 2
    return Box(float(left), float(middle - half), float(right), float(middle + half))


def _along(quads: NDArray[np.float64], tilted: float) -> NDArray[np.float64]:
    """Each with its upper left corner first, where lines run ``tilted`` degrees clockwise."""
    direction = _rotation(tilted)[:, 0]
    sides = np.roll(quads, -1, axis=1) - quads
    first = (sides @ direction / np.maximum(np.linalg.norm(sides, axis=2), 1e-9)).argmax(axis=1)
    return np.array([np.roll(quad, -at, axis=0) for quad, at in zip(quads, first, strict=True)]).reshape(
        -1, 4, 2
    )


register(Library(PaddleOcr), "ppocr_v6")
