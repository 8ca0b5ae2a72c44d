"""Near misses of names in addresses."""

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st

from argusd.api.http.query import nearest_path, parameter
from argusd.api.routes.table import ROUTES
from argusd.scheduler.contract.errors import InvalidField

PATHS = [route.path for route in ROUTES]


@pytest.mark.parametrize("name", ["samplerate", "rate", "sampleRate", "sample-rate", "Sample_Rate"])
def test_a_near_miss_is_refused(name: str) -> None:
    with pytest.raises(InvalidField) as caught:
        parameter(make_mocked_request("GET", f"/x?{name}=8000"), "sample_rate")
    assert str(caught.value) == f"The parameter {name} is not known; did you mean sample_rate?"


@pytest.mark.parametrize(
    ("query", "value"),
    [("sample_rate=8000", "8000"), ("sample_rate=", ""), ("utm_source=x&v=2", None), ("", None)],
)
def test_what_is_not_ours_is_ignored(query: str, value: str | None) -> None:
    assert parameter(make_mocked_request("GET", f"/x?{query}"), "sample_rate") == value


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/face/verfy", "/face/verify"),
        ("/ml/stream/candidate-7/faces", "/ml/stream/{session_id}/face"),
        ("/ml/infr", "/ml/infer"),
        ("/session", "/sessions"),
        ("/sessions/candidate-7/event", "/sessions/{session_id}/events"),
        ("/nowhere", None),
        ("/wp-login.php", None),
    ],
)
def test_a_path_with_a_typing_error(asked: str, meant: str | None) -> None:
    assert nearest_path(asked, PATHS) == meant


@given(st.text())
def test_any_path_is_near_one_of_ours_or_none(asked: str) -> None:
    assert nearest_path(asked, PATHS) in (*PATHS, None)
