"""Answers about pictures and documents, judged by labels."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from argusd.benchmarks.accuracy import documents, pictures
from argusd.benchmarks.accuracy.documents import Read
from argusd.benchmarks.accuracy.figures.tallies import tallies
from argusd.benchmarks.accuracy.labels import MANY, UNSURE, Item
from argusd.benchmarks.accuracy.pictures import Seen

NOBODY = {"face_count": 0, "head_pose": None, "gaze": None}


def picture(**labels: Any) -> Item:
    return Item(file="a.jpg", path=Path("a.jpg"), kind="image", **labels)


def judged(
    item: Item, objects: Sequence[tuple[str, float]] = (), look: Any = NOBODY, faces: int = 0
) -> dict[str, Any]:
    scan = {"objects": [{"label": label, "score": score} for label, score in objects]}
    verdicts = pictures.judge(item, Seen(scan, {"face_count": faces}, look))
    return {each.finding: (each.there, each.told) for each in verdicts}


def test_only_what_is_labelled_is_judged() -> None:
    assert judged(picture()) == {}
    assert judged(picture(phone=False)) == {"picture.phone": (False, False)}
    assert judged(picture(phone=UNSURE), [("cell phone", 0.5)]) == {"picture.phone": (None, True)}


def test_a_thing_is_seen_from_its_threshold_on() -> None:
    things = [("cell phone", 0.34), ("person", 0.9), ("person", 0.35), ("dog", 0.99)]
    assert judged(picture(phone=True, persons=2), things) == {
        "picture.phone": (True, False),
        "picture.multiple_people": (True, True),
        "picture.person_count": (True, True),
    }


def test_of_a_crowd_nobody_knows_the_number() -> None:
    assert judged(picture(persons=MANY), [("person", 0.9)]) == {"picture.multiple_people": (True, False)}


def test_faces_are_counted_and_their_attention_is_judged_if_there_is_one() -> None:
    look = {
        "face_count": 1,
        "head_pose": {"yaw": 10.0, "pitch": -30.0},
        "gaze": {"direction": "left"},
    }
    assert judged(picture(faces=1, gaze="right", head_turned=False), look=look, faces=1) == {
        "picture.no_face": (False, False),
        "picture.multiple_faces": (False, False),
        "picture.face_count": (True, True),
        "picture.head_turned": (False, True),
        "picture.gaze_away": (True, True),
        "picture.gaze_side": (True, False),
        "face_embed.face": (True, True),
    }
    assert "picture.gaze_away" not in judged(picture(faces=2, gaze="right"), look=look)


def test_a_gaze_that_cannot_be_told_accuses_nobody() -> None:
    for gaze in (None, {"direction": None}, {"direction": "unknown"}, {"direction": "center"}):
        said = judged(picture(faces=1, gaze="left"), look=NOBODY | {"face_count": 1, "gaze": gaze})
        assert said["picture.gaze_away"] == (True, False)


def document(said: dict[str, str | None], text: str = "", **labels: Any) -> dict[str, str]:
    item = Item(file="p.jpg", path=Path("p.jpg"), kind="document", **labels)
    verdicts = list(documents.judge(item, Read({"text": text}, {"ocr_fields": said, "face_match": True})))
    counted = tallies(verdicts)
    return {
        name.removeprefix("document."): f"{each.right}-{each.false}-{each.missed}-{each.silent}"
        for name, each in counted.items()
    }


def test_a_line_counts_letter_by_letter() -> None:
    mrz = ("P<UTOERIKSSON<<ANNA", "L898902C36UTO")
    assert document({}, "UTOPIA\nP<UTOERIKSSON << ANNA\nL8989O2C36UTO", mrz=mrz)["mrz_line"] == "1-0-1-0"


def test_another_field_is_false_and_the_right_one_missed() -> None:
    fields = {"id_no": "L898902C3", "name": "ERIKSSON ANNA", "dob": None}
    assert document({"id_no": "L8989O2C3", "name": "Anna Eriksson", "dob": None}, fields=fields) == {
        "own_face": "1-0-0-0",
        "id_no": "0-1-1-0",
        "name": "1-0-0-0",
        "dob": "0-0-0-1",
    }
    assert document({"dob": "1974-08-12"}, fields=fields)["dob"] == "0-1-0-0"


def test_no_answer_is_a_miss() -> None:
    fields = {"id_no": "L898902C3", "name": None, "dob": None}
    missed = {"id_no": "0-0-1-0", "name": "0-0-0-1", "dob": "0-0-0-1"}
    assert document({}, fields=fields) == missed | {"own_face": "1-0-0-0"}


def test_fields_of_a_document_without_a_face_are_left_out() -> None:
    fields = {"id_no": "L898902C3", "name": None, "dob": None}
    assert document({}, fields=fields, faces=0) == dict.fromkeys(("id_no", "name", "dob"), "0-0-0-0")
