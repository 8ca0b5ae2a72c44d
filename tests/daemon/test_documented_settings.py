"""Every setting that a document shows is one that the daemon takes."""

import re
from pathlib import Path

import pytest

from argusd.daemon.config import load_config

DOCS = Path(__file__).parents[2] / "docs"
SETTINGS = [
    (page.name, text)
    for page in sorted(DOCS.glob("*.md"))
    for text in re.findall(r"^```toml\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)
    if not text.startswith(("[[models]]", "# pyproject.toml"))
]


@pytest.mark.parametrize(
    ("page", "text"), SETTINGS, ids=[f"{page}-{n}" for n, (page, _) in enumerate(SETTINGS)]
)
def test_they_are_taken(page: str, text: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    secret.chmod(0o600)
    file = tmp_path / "argusd.toml"
    file.write_text(re.sub(r'_file = "[^"]+"', f'_file = "{secret}"', text))
    load_config(file)


def test_there_are_some_in_each_guide_of_an_operator() -> None:
    assert {"access.md", "cluster.md", "evidence.md", "network.md", "operations.md", "webhooks.md"} <= {
        page for page, _ in SETTINGS
    }
