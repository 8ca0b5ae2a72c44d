"""The figures that the manifest quotes are those of the results that lie beside the benchmarks."""

from pathlib import Path

import msgspec
import pytest

from argusd.benchmarks.accuracy.found import Accuracy
from argusd.scheduler.zoo.manifest import builtin_manifest

NAME = "benchmarks/results/accuracy.json"
QUOTED = [
    (entry.name, figure.metric, figure.value)
    for entry in builtin_manifest().models
    for figure in entry.accuracy
    if NAME in figure.on
]


@pytest.fixture(scope="module")
def measured() -> Accuracy:
    return msgspec.json.decode((Path(__file__).parents[3] / NAME).read_bytes(), type=Accuracy)


@pytest.mark.parametrize(("model", "metric", "value"), QUOTED)
def test_a_model_is_as_right_as_the_manifest_says(
    measured: Accuracy, model: str, metric: str, value: float
) -> None:
    assert value == round(measured.metrics[metric].value, 2), model
