"""What a labels file may say, and what it is told where it says something else."""

from pathlib import Path

import pytest

from argusd.benchmarks.accuracy.labels import MANY, UNSURE, Item, LabelsInvalid, Span, Spans, read_labels


def labels(folder: Path, header: str, *rows: str) -> list[Item]:
    for name in ("a.jpg", "deep/b.mp4", "c.rttm"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    (folder / "labels.csv").write_text("\n".join([header, *rows]))
    return read_labels(folder)


def test_a_picture(tmp_path: Path) -> None:
    header = "file,kind,persons,faces,phone,gaze,head_turned,person_id,notes"
    (item,) = labels(tmp_path, header, "a.jpg,image,many,2,?,left,na,,whatever")
    assert item == Item(
        file="a.jpg",
        path=tmp_path / "a.jpg",
        kind="image",
        persons=MANY,
        faces=2,
        phone=UNSURE,
        gaze="left",
    )


def test_a_file_is_found_by_its_path_or_by_its_name(tmp_path: Path) -> None:
    items = labels(tmp_path, "file,kind,rttm", "deep/b.mp4,video,", "b.mp4,audio,c.rttm")
    assert [item.path for item in items] == [tmp_path / "deep/b.mp4"] * 2
    assert items[1].rttm == tmp_path / "c.rttm"


def test_segments_of_a_clip(tmp_path: Path) -> None:
    segments = "1-2.5:gaze_away/left;4-A:?gaze_away;0-A:phone_detected"
    (item,) = labels(tmp_path, "file,kind,segments,sure", f"b.mp4,video,{segments},partly")
    assert item.segments == {
        "gaze_away": Spans((Span(1.0, 2.5, "left"),), (Span(4.0, None),)),
        "phone_detected": Spans((Span(0.0, None),)),
    }
    assert not item.sure


def test_a_document(tmp_path: Path) -> None:
    row = 'a.jpg,mrz,P<ONE|TWO,"{""id_no"": ""L1"", ""dob"": null}"'
    (item,) = labels(tmp_path, "file,kind,mrz,mrz_fields", row)
    assert (item.kind, item.mrz, item.fields) == ("document", ("P<ONE", "TWO"), {"id_no": "L1", "dob": None})


@pytest.mark.parametrize(
    ("header", "row", "sentence"),
    [
        ("file,kind", ",image", "line 2: there is no file"),
        ("file,kind", "a.jpg,", "line 2: there is no kind"),
        ("file,kind", "a.jpg,film", "line 2: kind is 'film'; it may be one of image, video, audio, document"),
        ("file,kind", "nowhere.jpg,image", "line 2: file is 'nowhere.jpg'; it may be a file below"),
        ("file,kind,faces", "a.jpg,image,two", "faces is 'two'; it may be a number, many, ? or empty"),
        ("file,kind,phone", "a.jpg,image,yes", "phone is 'yes'; it may be 0, 1, ? or empty"),
        ("file,kind,gaze", "a.jpg,image,away", "gaze is 'away'; it may be center, left, right, up, down"),
        ("file,kind,segments", "a.jpg,video,1:x", "it may be START-END:FINDING;… in seconds"),
        ("file,kind,mrz_fields", "a.jpg,mrz,L1", "it may be a JSON object"),
    ],
)
def test_what_is_not_understood_is_named(tmp_path: Path, header: str, row: str, sentence: str) -> None:
    with pytest.raises(LabelsInvalid) as raised:
        labels(tmp_path, header, row)
    assert sentence in str(raised.value)


def test_no_labels(tmp_path: Path) -> None:
    with pytest.raises(LabelsInvalid, match="cannot be read"):
        read_labels(tmp_path)
    with pytest.raises(LabelsInvalid, match="has no rows"):
        labels(tmp_path, "file,kind")
