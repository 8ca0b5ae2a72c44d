"""Which adapter runs which model of the store."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..core import (
    AudioModel,
    AudioVisualModel,
    Engine,
    LibraryModel,
    VisionModel,
)
from ..zoo.store import ZooStore
from .faces.arcface import ArcFace
from .faces.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from .faces.facemesh import FaceMesh
from .faces.facenet import FaceNet
from .faces.faceres import FaceRes
from .faces.mtcnn import Mtcnn
from .faces.scrfd import Scrfd
from .lips.lip_crops import LipCrops, PassThrough
from .lips.mouth_correlation import Engine as Correlation
from .lips.mouth_correlation import MouthCorrelation
from .lips.syncnet import SyncNet
from .objects.centernet import CenterNet
from .objects.yolov8 import YoloV8
from .text.easyocr_reader import EasyOcr
from .voices.ge2e import Ge2e
from .voices.pyannote_diarizer import COMMUNITY_1, VERSION_3_1, PyannoteDiarizer
from .voices.silero import Silero
from .voices.wespeaker import WeSpeaker


class BuiltIn(NamedTuple):
    """A model that comes with the program, what runs it, and the roles that it is of no use without."""

    name: str
    needs: tuple[str, ...]
    make: Callable[[], tuple[AudioVisualModel | VisionModel, Engine]]


# Name in the store's manifest → how to make its adapter, which takes that name.
MODELS: Mapping[str, Callable[[str], VisionModel | AudioModel | AudioVisualModel]] = {
    "scrfd_10g": Scrfd,
    "scrfd_500m": Scrfd,
    "mtcnn": Mtcnn,
    "blazeface": lambda name: BlazeFace(name, SHORT_RANGE),
    "blazeface_full_range": lambda name: BlazeFace(name, FULL_RANGE),
    "facemesh_attention": FaceMesh,
    "yolov8n": YoloV8,
    "centernet": CenterNet,
    "arcface_r50": ArcFace,
    "arcface_mbf": ArcFace,
    "facenet_vggface2": FaceNet,
    "faceres": FaceRes,
    "ge2e": Ge2e,
    "silero_vad": Silero,
    "syncnet": SyncNet,
    "wespeaker": WeSpeaker,
}

# Role → a model without weights that fills it where no other is present. ``lip_crops`` is filled only where
# a model of another role is fed with them.
BUILT_IN: Mapping[str, BuiltIn] = {
    "lip_sync": BuiltIn(
        "mouth_correlation", ("face_mesh", "vad"), lambda: (MouthCorrelation(), Correlation())
    ),
    "lip_crops": BuiltIn("lip_crops", ("face_mesh", "vad"), lambda: (LipCrops(), PassThrough())),
}

# The same for models that their own library runs; they find their files in the store and are told the device.
LIBRARY_MODELS: Mapping[str, Callable[[str, ZooStore, str], LibraryModel]] = {
    "easyocr_en": EasyOcr,
    "easyocr_en_hi": EasyOcr,
    "pyannote_3_1": lambda name, store, device: PyannoteDiarizer(name, store, device, VERSION_3_1),
    "pyannote_community_1": lambda name, store, device: PyannoteDiarizer(name, store, device, COMMUNITY_1),
}
