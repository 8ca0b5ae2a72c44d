"""Which adapter runs which model of the store."""

from collections.abc import Callable, Mapping

from ..core import AudioModel, VisionModel, WholeModel
from ..zoo.store import ZooStore
from .blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from .centernet import CenterNet
from .easyocr_reader import EasyOcr
from .facemesh import FaceMesh
from .faceres import FaceRes
from .ge2e import Ge2e
from .pyannote_diarizer import PyannoteDiarizer
from .silero import Silero
from .wespeaker import WeSpeaker

# Name in the store's manifest → how to make its adapter, which takes that name.
MODELS: Mapping[str, Callable[[str], VisionModel | AudioModel]] = {
    "blazeface": lambda name: BlazeFace(name, SHORT_RANGE),
    "blazeface_full_range": lambda name: BlazeFace(name, FULL_RANGE),
    "facemesh_attention": FaceMesh,
    "centernet": CenterNet,
    "faceres": FaceRes,
    "ge2e": Ge2e,
    "silero_vad": Silero,
    "wespeaker": WeSpeaker,
}

# The same for models that their own library runs; they find their files in the store and are told the device.
WHOLE_MODELS: Mapping[str, Callable[[str, ZooStore, str], WholeModel]] = {
    "easyocr_en": EasyOcr,
    "easyocr_en_hi": EasyOcr,
    "pyannote_3_1": lambda name, store, _device: PyannoteDiarizer(name, store),
}
