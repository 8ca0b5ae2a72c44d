"""Shows a page to whoever sits at this machine, if anybody does."""

import asyncio
import webbrowser
from collections.abc import Mapping


def has_desktop(environment: Mapping[str, str], terminal: bool) -> bool:
    """Whether a browser's window would be seen: a person's terminal, on a display of this machine."""
    remote = "SSH_CONNECTION" in environment or "CI" in environment
    display = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return terminal and bool(display) and not remote


async def show_page(url: str) -> None:
    """Open a page in the person's browser; one that cannot be opened is no fault: its address was printed."""
    await asyncio.to_thread(webbrowser.open, url)
