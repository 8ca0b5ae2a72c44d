"""The worked example of a model without weights in CONTRIBUTING.md: one file, and nothing else is touched."""

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from argusd.scheduler.engines.targets import CPU
from argusd.scheduler.loaded.loaded_model import LoadedModel
from argusd.scheduler.loaded.loading import load
from argusd.scheduler.loaded.probe import CurveCache
from argusd.scheduler.models.registry import REGISTERED
from argusd.scheduler.zoo.store import ZooStore

from ..microphone import heard_by

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"```python\n# (scheduler/models/\S+\.py)\n(.*?)```", re.DOTALL)


@pytest.fixture
def example(tmp_path: Path) -> Iterator[str]:
    """Imports the example's file in its place, as the catalog does; gives the name it registers."""
    blocks = BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text())
    [(path, text)] = [block for block in blocks if "register(BuiltIn(" in block[1]]
    assert not (ROOT / path).exists()
    (tmp_path / "example.py").write_text(text)
    before = dict(REGISTERED)
    name = f"argusd.{path.removesuffix('.py').replace('/', '.')}"
    spec = spec_from_file_location(name, tmp_path / "example.py")
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(module_from_spec(spec))
    [added] = REGISTERED.keys() - before.keys()
    yield added
    del REGISTERED[added]


async def test_the_audio_stream_hears_by_a_model_that_registers_itself(example: str, tmp_path: Path) -> None:
    loaded = load(example, ZooStore(tmp_path), CPU, CurveCache(tmp_path))
    assert isinstance(loaded, LoadedModel)
    heard, dropped = await heard_by(loaded)
    told = [outcome for _, _, outcome, _ in heard.findings if outcome.name == "speech"]
    assert [(each.data["start_s"], each.data["end_s"]) for each in told[1::2]] == [(1.2, 3.6), (4.8, 6.0)]
    assert not dropped
