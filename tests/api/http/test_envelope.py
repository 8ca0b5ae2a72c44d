import re

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from argusd.api.http.envelope import decode_json
from argusd.api.sessions.session import check_spec
from argusd.scheduler.contract.errors import InvalidField, MalformedBody, ServiceError
from argusd.scheduler.contract.sessions import SessionSpec
from argusd.scheduler.contract.tasks.voices import AudioDiarize

from ..fixtures import Rig

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["policy", "streams", "x"]), inner),
)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"policy": {"gaze_away": {"horizontal": "x"}}}', "policy.gaze_away.horizontal"),
        (b'{"policy": {"gaze_away": {"horizontal": 2}}}', "policy.gaze_away.horizontal"),
        (b'{"policy": {"rates": {"face_mesh": 0}}}', "policy.rates.face_mesh"),
        (b'{"policy": {"rates": {"face_mesh": 1e999}}}', "policy.rates.face_mesh"),
        (b'{"policy": {"weight": -1}}', "policy.weight"),
        (b'{"policy": {"gates": {"empty_room": "no"}}}', "policy.gates.empty_room must be true or false"),
        (b'{"policy": {"gates": {"night": true}}}', "The field night of policy.gates is not known."),
        (b'{"policy": {"nose": {}}}', "The field nose of policy is not known."),
        (b'{"colour": 1}', "The field colour of the body is not known."),
        (b'{"streams": ["smell"]}', "streams[0]"),
        (b"[]", "the body"),
    ],
)
def test_a_field_that_does_not_fit_is_named(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidField, match=re.escape(sentence)):
        decode_json(body, SessionSpec)


@pytest.mark.parametrize(("number", "whole"), [(b"2", 2), (b"2.0", 2), (b"2e0", 2), (b"2.5", None)])
def test_a_whole_number_is_one_however_it_is_written(number: bytes, whole: int | None) -> None:
    body = b'{"audio_b64": "", "num_speakers": %s}' % number
    if whole is None:
        with pytest.raises(InvalidField, match="num_speakers must be a whole number"):
            decode_json(body, AudioDiarize)
    else:
        assert decode_json(body, AudioDiarize).num_speakers == whole


@pytest.mark.parametrize("body", [b"{", b"\xff", b"nonsense", b'{"policy": NaN}', b'{"streams": [}'])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedBody):
        decode_json(body, SessionSpec)


def test_nesting_beyond_reason_is_refused() -> None:
    with pytest.raises(ServiceError):
        decode_json(b'{"x":' * 10_000 + b"1" + b"}" * 10_000, SessionSpec)
    with pytest.raises(MalformedBody):
        decode_json(b"[" * 10_000 + b"]" * 10_000, object)


@settings(deadline=None)
@given(st.binary() | JSON.map(msgspec.json.encode))
def test_any_body_is_a_spec_or_a_named_refusal(body: bytes) -> None:
    try:
        spec = check_spec(decode_json(body, SessionSpec))
    except (MalformedBody, InvalidField):
        return
    assert spec == decode_json(msgspec.json.encode(spec), SessionSpec)


async def test_unknown_paths_and_methods_answer_in_json(rig: Rig) -> None:
    assert await rig.api.json("GET", "/nowhere") == (
        404,
        {
            "success": False,
            "error_code": "not_found",
            "error": "There is nothing at this path; /openapi.json lists what there is.",
        },
    )
    status, body = await rig.api.json("POST", "/sessions")
    assert (status, body["error_code"]) == (405, "method_not_allowed")
    assert body["error"] == "The path does not know this method; it takes GET, HEAD."
    for path, meant in (
        ("/face/verfy", "/face/verify"),
        ("/ml/stream/s1/faces", "/ml/stream/{session_id}/face"),
    ):
        body = (await rig.api.json("GET", path))[1]
        assert body["error"].startswith(f"There is nothing at this path; did you mean {meant}? ")


async def test_an_error_of_ours_stays_inside(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.api.json("PUT", "/sessions/s1")
    monkeypatch.setattr("argusd.api.sessions.session_routes.view", lambda session: {session: 1}["a secret"])
    status, body = await rig.api.json("GET", "/sessions/s1")
    assert (status, body["error_code"], body["session_id"]) == (500, "internal_error", "s1")
    assert "secret" not in body["error"]
