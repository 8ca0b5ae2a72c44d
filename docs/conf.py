"""How Sphinx builds these pages (`make docs`): plain HTML that asks nothing of other hosts."""

import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
OUTSIDE = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]*)[^)]*\)")

project = "argusd"
extensions = ["myst_parser"]
html_theme = "alabaster"
html_theme_options = {"description": "Live cameras and microphones in, findings out."}
html_show_sourcelink = False
myst_heading_anchors = 4


def unlink_files_outside(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Keep the words of links to files outside docs/, which the site lacks; a link to no file is reported."""
    source[0] = OUTSIDE.sub(lambda link: link[1] if (ROOT / link[2]).exists() else link[0], source[0])


def setup(app: Sphinx) -> None:
    """Sphinx calls this as it starts."""
    app.connect("source-read", unlink_files_outside)
