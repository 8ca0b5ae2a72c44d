"""What is said of a daemon that has come up."""

from pathlib import Path

import pytest

from argusd.daemon.options import Endpoint
from argusd.daemon.served import Served, in_words, what_is_served

from ..api.fixtures import running_rig


@pytest.mark.parametrize(
    ("served", "words"),
    [
        (
            Served({"face": True, "audio": True}, {"doc_ocr": True, "face_embed": True}),
            "serves face, audio and all 2 tasks",
        ),
        (
            Served({"face": True, "audio": False}, {"doc_ocr": False, "face_embed": True}),
            "serves face and all tasks but doc_ocr",
        ),
    ],
)
def test_what_is_missing_is_named(served: Served, words: str) -> None:
    assert in_words(served) == words


async def test_a_daemon_that_serves_says_what(tmp_path: Path) -> None:
    async with running_rig(tmp_path) as rig:
        assert (await what_is_served(Endpoint(rig.api.url, None))).startswith(("serves ", "but cannot"))
