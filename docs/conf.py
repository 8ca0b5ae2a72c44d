"""How Sphinx builds the guide (`make docs`): plain HTML under the policy of the daemon's pages."""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
FINDING = re.compile(r"<td>(<p><code[^>]*><span class=\"pre\">(\w+)</span>)")
OUTSIDE = re.compile(r"\[((?:`[^`]*`|[^\]`])+)\]\(\.\./([^)#]*)[^)]*\)")

project = "argusd"
html_title = "argusd guide"
extensions = ["myst_parser"]
html_theme = "theme"
html_theme_path = ["."]
templates_path = ["../api/ui/parts"]
html_static_path = ["../api/ui/style.css", "../api/ui/eye.svg"]
html_favicon = "../api/ui/eye.svg"
html_copy_source = False
html_use_index = False
highlight_language = "none"  # of what is not marked: HTTP, output, figures
exclude_patterns = ["theme"]
myst_heading_anchors = 4


def unlink_files_outside(_app: Sphinx, _page: str, source: list[str]) -> None:
    """Keep the words of links to files outside docs/, which the site lacks; a link to no file is reported."""
    text = source[0].replace("](../CONTRIBUTING.md", "](contributing.md")
    source[0] = OUTSIDE.sub(lambda link: link[1] if (ROOT / link[2]).exists() else link[0], text)


def open_to_everybody(_app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Let keys scroll what is wider than the page, and say which level a list's heading has (WCAG).

    A name with a hyphen is not broken there.
    """
    body = context.get("body", "").replace("<pre>", '<pre tabindex="0">')
    body = body.replace("<table ", '<table tabindex="0" ')
    body = body.replace('role="heading"', 'role="heading" aria-level="2"')
    context["body"] = body.replace("SHA-256", '<span class="whole">SHA-256</span>')


def name_findings(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Let the daemon's pages lead to what a finding means: ``glossary.html#gaze_away``."""
    if page == "glossary":
        context["body"] = FINDING.sub(r'<td id="\2">\1', context["body"])


def setup(app: Sphinx) -> None:
    """Sphinx calls this as it starts."""
    app.connect("source-read", unlink_files_outside)
    app.connect("html-page-context", open_to_everybody)
    app.connect("html-page-context", name_findings)
