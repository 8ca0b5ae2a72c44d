"""Loads one model: weights from the store, an engine, a measured curve, a first inference."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..config import Precision
from ..contract.logs.tracebacks import log_fault
from ..core import AudioModel, AudioVisualModel, Engine, LibraryModel
from ..engines.targets import Target
from ..errors import InferenceFailed, ModelUnknown, SchedulerError
from ..models.catalog import MODELS
from ..models.registry import BatchedModel, BuiltIn, Graph, Library
from ..planning.curve import UNMEASURED
from ..zoo.errors import ZooError
from ..zoo.store import ZooStore
from .loaded_model import LoadedModel
from .loaded_sound import LoadedAudioModel, LoadedAudioVisualModel
from .loaded_vision import LoadedVisionModel
from .precision import HALF, chosen
from .probe import CurveCache, measure_curve, rehearse
from .staging import Stager

log = logging.getLogger(__name__)

LONGEST_WORDS = 200  # characters of a library's


def load(
    name: str,
    store: ZooStore,
    target: Target,
    curves: CurveCache,
    stager: Stager | None = None,
    precision: Precision = "auto",
) -> LoadedModel | LibraryModel:
    """Load one model and run it at least once.

    Raises:
        ModelUnknown: this version cannot run it.
        ZooError: its files are not in the store, or are damaged.
        InferenceFailed: it does not run here.
        DeviceUnavailable: the device is not there.
    """
    entry = next((each for each in store.manifest.models if each.name == name), None)
    match MODELS.get(entry.run_by if entry else name):
        case Graph() as graph:
            file = store.read(name)
            model = _model(graph, name, entry.classes if entry else ())
            with _fits(name):
                engine, said = chosen(model, file, target, precision, stager.device if stager else None)
                how = [*(["staged"] if stager else []), *([HALF] if said == HALF else [])]
                kept = curves.path(file.sha256, *target.setting, *how)
                loaded = _measured(_loaded(model, engine, stager), target, curves, kept)
            loaded.precision, loaded.sha256 = said, file.sha256
            return loaded
        case BuiltIn(make=make):
            loaded = _loaded(*make())
            loaded.curve = measure_curve(loaded.rehearsal, loaded.clock, loaded.longest_s)
            return loaded
        case Library(make):
            return _checked(make(name, store, target.device))
    raise ModelUnknown(f"{name} is in the store, but this version of argusd has no adapter for it")


def _model(graph: Graph, name: str, classes: Sequence[str]) -> BatchedModel:
    if not classes:
        return graph.make(name)
    if graph.make_for is None:
        raise ModelUnknown(f"the manifest names classes of {name}, and its adapter knows those of COCO alone")
    return graph.make_for(name, classes)


@contextmanager
def _fits(name: str) -> Iterator[None]:
    """What is wrong with a graph that is not the one that its adapter is for. What it raises is not bounded.

    Nobody was seen or heard so far, so the library's own words may be told.
    """
    try:
        yield
    except InferenceFailed as error:
        if type(error) is not InferenceFailed or error.__cause__ is None:
            raise
        raise InferenceFailed(f"{error} ({_first_line(error.__cause__)})") from error
    except (ZooError, SchedulerError):
        raise
    except Exception as error:
        log_fault(log, f"the adapter of {name} failed", error)
        raise InferenceFailed(f"it is no graph of its adapter's: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).partition("\n")[0][:LONGEST_WORDS]


def _checked(library: LibraryModel) -> LibraryModel:
    """Once it has run. What a library raises where it does not is not bounded."""
    try:
        library.check()
    except (ZooError, SchedulerError):
        raise
    except Exception as error:
        log_fault(log, f"the library of {library.name} failed", error)
        raise InferenceFailed(
            f"the library of {library.name} does not run here; the log says more"
        ) from error
    return library


def _measured(loaded: LoadedModel, target: Target, curves: CurveCache, kept: Path) -> LoadedModel:
    """With the curve that is kept there, or a new one."""
    if target.device != "cpu":
        loaded.on_device()
    curve = curves.load(kept)
    if curve is None:
        curve = measure_curve(loaded.rehearsal, loaded.clock, loaded.longest_s)
        curves.save(kept, curve)
    elif target.device == "cpu":
        loaded.check()
    else:
        rehearse(loaded.rehearsal, curve.sizes)
    loaded.curve = curve
    return loaded


def _loaded(model: BatchedModel, engine: Engine, stager: Stager | None = None) -> LoadedModel:
    """Not measured so far."""
    if isinstance(model, AudioVisualModel):
        return LoadedAudioVisualModel(model, engine, UNMEASURED)
    if isinstance(model, AudioModel):
        return LoadedAudioModel(model, engine, UNMEASURED)
    return LoadedVisionModel(model, engine, UNMEASURED, stager)
