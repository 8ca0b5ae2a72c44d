import pytest

from argusd.daemon.config import resolve
from argusd.daemon.settings.older_names import OLDER_NAMES, device, languages, model_name


@pytest.mark.parametrize(("text", "meant"), [("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("cpu", "cpu")])
def test_a_device_as_pytorch_names_it(text: str, meant: str) -> None:
    assert device(text) == meant


@pytest.mark.parametrize("text", ["yolov8n", "yolov8n.pt", "/models/YOLOv8n.pt"])
def test_a_model_by_the_file_of_its_weights(text: str) -> None:
    assert model_name(text) == "yolov8n"


@pytest.mark.parametrize("text", ["en,hi", "en, hi", " en ,hi "])
def test_languages_with_or_without_spaces(text: str) -> None:
    assert languages(text) == "en,hi"


@pytest.mark.parametrize("name", OLDER_NAMES)
def test_an_older_name_that_is_set_to_nothing_is_not_set(name: str) -> None:
    assert resolve({name: ""}).api == resolve({}).api
