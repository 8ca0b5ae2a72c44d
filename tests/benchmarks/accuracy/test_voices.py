"""Who speaks alone, who is whom, and how diarization errors are added up."""

from pathlib import Path

import numpy as np
import pytest

from argusd.benchmarks.accuracy.faces import doubtful, same_person
from argusd.benchmarks.accuracy.figures.spans import Stretch, without
from argusd.benchmarks.accuracy.labels import UNSURE, Item
from argusd.benchmarks.accuracy.pairs import Compared, Pair, judged
from argusd.benchmarks.accuracy.replays import samples_of
from argusd.benchmarks.accuracy.sound.diarization import Diarization
from argusd.benchmarks.accuracy.sound.voices import alone, turns_of, wav
from argusd.benchmarks.harness import NotMeasurable

RTTM = """\
SPEAKER meeting 1 0.0 6.0 <NA> <NA> anna <NA> <NA>
SPEAKER meeting 1 5.0 4.0 <NA> <NA> ben <NA> <NA>
SPEAKER meeting 1 10.0 2.0 <NA> <NA> anna <NA> <NA>
"""


def test_turns_in_which_nobody_else_speaks(tmp_path: Path) -> None:
    (tmp_path / "a.rttm").write_text(RTTM)
    turns = turns_of(tmp_path / "a.rttm")
    assert turns == {"anna": [Stretch(0.0, 6.0), Stretch(10.0, 12.0)], "ben": [Stretch(5.0, 9.0)]}
    assert list(alone(turns)) == [("anna", Stretch(0.0, 5.0)), ("ben", Stretch(6.0, 9.0))]


def test_what_is_no_rttm_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.rttm").write_text("SPEAKER meeting 1 now")
    with pytest.raises(NotMeasurable, match=r"a\.rttm is no RTTM"):
        turns_of(tmp_path / "a.rttm")


def test_what_is_left_of_a_stretch() -> None:
    whole = Stretch(1.0, 5.0)
    assert without(whole, []) == [whole]
    assert without(whole, [Stretch(0.0, 2.0), Stretch(3.0, 4.0)]) == [Stretch(2.0, 3.0), Stretch(4.0, 5.0)]
    assert without(whole, [Stretch(0.0, 9.0)]) == []


def test_a_half_that_is_confused_counts_half() -> None:
    truth = {"anna": [Stretch(0.0, 10.0)], "ben": [Stretch(10.0, 20.0)]}
    right = {"segments": [{"speaker": "A", "start_s": 0.0, "end_s": 20.0}]}
    errors = Diarization()
    errors.add("a", truth, right)
    errors.add("b", truth, {"error": "no_speech"})
    found = errors.found()
    assert found.tables[0].rows[0][:4] == ["a", 2, 1, 0.5]
    assert found.tables[0].rows[1][:4] == ["b", 2, 0, 1.0]
    assert found.metrics["audio_diarize.error"].value == pytest.approx(0.75)


def test_a_voice_is_sent_as_wav(tmp_path: Path) -> None:
    samples = np.arange(-500, 500, dtype=np.int16)
    (tmp_path / "a.wav").write_bytes(wav(samples))
    assert (samples_of(tmp_path / "a.wav") == samples).all()


def face(person_id: object) -> Item:
    return Item(file="a", path=Path("a"), kind="image", faces=1, person_id=person_id)  # type: ignore[arg-type]


def test_who_has_no_id_is_nobody_else() -> None:
    assert same_person(face("anna"), face("anna")) is True
    assert same_person(face("anna"), face(None)) is False
    assert same_person(face(None), face(None)) is False
    assert same_person(face(UNSURE), face("anna")) is None


def test_pairs_are_judged_by_their_verification() -> None:
    pairs = [
        Pair("a", "b", True, 0.7, {"match": True}),
        Pair("a", "c", False, 0.65, {"match": False}),
        Pair("b", "c", False, 0.2),
        Pair("a", "d", None, 0.99),
    ]
    assert doubtful(pairs) == pairs[:3]
    found = judged(Compared(pairs, ["e"], 0.6), "face_verify.same_person")
    assert [each.wrong for each in found.verdicts] == ["", "", "", ""]
    assert found.metrics["face_verify.auc"].value == 1.0
    assert ["0.60 (the model's own)", "0.50 (0.09–0.91)", "1.00 (0.21–1.00)"] in found.tables[0].rows
    assert found.notes == ["face_verify: nothing is found in e, so it is in no pair"]
