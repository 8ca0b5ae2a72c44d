import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argusd.scheduler.contract.names import LONGEST, Name, cuda_index, did_you_mean, nearest

FIELDS = ["session_id", "image_b64", "sample_rate", "num_speakers"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("image", "image_b64"),
        ("imageB64", "image_b64"),
        ("image-b64", "image_b64"),
        ("speakers", "num_speakers"),
        ("rate", "sample_rate"),
        ("sessionId", "session_id"),
        ("session", "session_id"),
        ("imag", "image_b64"),
        ("colour", None),
        ("s", None),
        ("", None),
    ],
)
def test_the_likest_name(name: str, meant: str | None) -> None:
    assert nearest(name, FIELDS) == meant


def test_it_ends_a_clause() -> None:
    assert did_you_mean("faces", ["face", "audio"]) == "; did you mean face?"
    assert did_you_mean("smell", ["face", "audio"]) == "."


@given(st.text(), st.lists(st.text()))
def test_only_known_names_are_meant(name: str, known: list[str]) -> None:
    assert nearest(name, known) in (*known, None)
    if name and len(name) <= LONGEST:
        assert nearest(name, [name]) == name


@pytest.mark.parametrize("name", ["a", ".a", "a.", "..a", "sched_abc123", "A.b:c-d", "x" * 128])
def test_what_may_be_a_name(name: str) -> None:
    assert msgspec.convert(name, Name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", "...", "a\n", "\na", ".\n", "a b", "a/b", "a%b", "é", "x" * 129]
)
def test_what_no_url_or_key_can_carry_is_none(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(name, Name)


@pytest.mark.parametrize(("name", "index"), [("cuda:0", 0), ("cuda:12", 12), ("cuda", None), ("cpu", None)])
def test_a_cuda_device_has_an_index(name: str, index: int | None) -> None:
    assert cuda_index(name) == index
