"""The reviewer's glossary explains every finding that the daemon can tell, and no other."""

import re
from itertools import chain
from pathlib import Path

from argusd.scheduler.contract.catalog import STREAMS
from argusd.scheduler.contract.told.findings import LOST_TRACKS

GLOSSARY = (Path(__file__).parents[1] / "docs" / "glossary.md").read_text()


def test_every_finding_is_explained_once() -> None:
    told = chain(LOST_TRACKS, *((*stream.violations, *stream.observations) for stream in STREAMS.values()))
    assert sorted(re.findall(r"^\| `(\w+)` \|", GLOSSARY, re.MULTILINE)) == sorted(told)
