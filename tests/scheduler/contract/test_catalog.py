"""What is declared is whole: each name has one spec, and somebody does what it says."""

from math import inf

from argusd.api.analysis.functions import FUNCTIONS as IN_THE_API
from argusd.api.tasks.inference import Inference
from argusd.scheduler.analyzers.catalog import ANALYZERS
from argusd.scheduler.contract.catalog import PUBLIC_TASKS, STREAMS, TASKS, feeds, pictures_hz, streams_of
from argusd.scheduler.contract.policy import Gates, Identity, Policy
from argusd.scheduler.contract.roles import (
    FACE_DETECTOR,
    FACE_MESH,
    LIP_CROPS,
    OBJECT_DETECTOR,
    SPEAKER_EMBEDDER,
)
from argusd.scheduler.contract.tasks.rooms import ROOM_SCAN_FRAME, VIDEO_ROOM_SCAN
from argusd.scheduler.core import EVERY_WINDOW
from argusd.scheduler.tasks.catalog import functions_of

ANYBODY = Policy(identity=Identity(reference_embedding_b64=bytes(16)))


def test_every_task_of_the_wire_contract_is_declared_and_the_daemons_own_is_not_public() -> None:
    assert set(PUBLIC_TASKS) == {
        "face_verify",
        "face_embed",
        "audio_enroll",
        "audio_verify",
        "audio_diarize",
        "video_room_scan",
        "doc_id_verify",
        "doc_ocr",
        "plagiarism_analyze",
        "response_moderate",
    }
    assert TASKS.keys() - PUBLIC_TASKS.keys() == {ROOM_SCAN_FRAME.name}


def test_every_task_is_done_in_one_place() -> None:
    assert Inference is not None  # whoever has text tasks done has imported them
    places = [functions_of("live"), functions_of("bulk"), IN_THE_API, {VIDEO_ROOM_SCAN.name}]
    assert sorted(name for place in places for name in place) == sorted(TASKS)


def test_every_stream_is_analyzed_with_the_roles_that_it_declares() -> None:
    assert list(ANALYZERS) == list(STREAMS) == ["face", "video", "audio", "lipsync"]
    for name, stream in STREAMS.items():
        analyzer = ANALYZERS[name](ANYBODY)
        assert analyzer.name == name
        assert set(analyzer.rates) == {*stream.required, *stream.enriching}


def test_a_stream_begins_after_those_whose_looks_it_shares_and_has_their_tracks() -> None:
    order = list(STREAMS.values())
    for stream in order:
        for lender in stream.joins:
            assert order.index(lender) < order.index(stream)
            assert set(lender.tracks) <= set(stream.tracks)


def test_tracks_and_streams() -> None:
    assert streams_of(["video"]) == ["face", "video"]
    assert streams_of(["audio", "video"]) == list(STREAMS)
    assert feeds("audio", ["face", "lipsync"])
    assert not feeds("audio", ["face", "video"])
    assert not feeds("audio", ["a stream of another version"])


def test_no_role_looks_at_more_pictures_than_its_stream_declares() -> None:
    for name, stream in STREAMS.items():
        declared = stream.pictures_hz(ANYBODY)
        seen = {role: hz for role, hz in ANALYZERS[name](ANYBODY).rates.items() if hz != EVERY_WINDOW}
        assert all(hz <= declared.get(role, 0.0) for role, hz in seen.items() if role != SPEAKER_EMBEDDER)


def test_the_role_that_is_there_and_looks_most_often_decides_how_many_pictures_are_of_use() -> None:
    calm = Policy(gates=Gates(calm_session=True))
    assert pictures_hz(["face", "video"], Policy(), {FACE_DETECTOR, FACE_MESH, OBJECT_DETECTOR}) == 8.0
    assert pictures_hz(["face", "video"], Policy(), {FACE_DETECTOR, OBJECT_DETECTOR}) == 4.0
    assert pictures_hz(["face"], calm, {FACE_DETECTOR, FACE_MESH}) == 16.0
    assert pictures_hz(["lipsync"], Policy(), {FACE_MESH}) == 15.0
    assert pictures_hz(["lipsync"], Policy(), {FACE_MESH, LIP_CROPS}) == inf
    assert pictures_hz(["audio"], Policy(), {FACE_MESH, LIP_CROPS}) == 0.0
