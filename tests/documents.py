"""What the documents show: their fenced blocks, and the commands in them.

python -m tests.documents      every documented command, and what runs or reads it
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fenced block; ``language`` is empty where it is not marked."""

    document: str
    language: str
    text: str


def documents() -> dict[str, str]:
    """Every document's text by its name, but for that of what has changed."""
    names = subprocess.check_output(["git", "ls-files", "*.md", "compose.yaml"], cwd=ROOT, text=True).split()
    return {name: (ROOT / name).read_text() for name in names if name != "CHANGELOG.md"}


def blocks(*languages: str) -> Iterator[Block]:
    """The blocks in these languages, in the documents' order."""
    for name, text in documents().items():
        for language, inside in BLOCK.findall(text):
            if language in languages:
                yield Block(name, language, inside)


def commands(block: Block) -> Iterator[str]:
    """A block's lines as a shell takes them: continued ones joined, without comments."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if command := re.sub(r"(^|\s)#.*", "", line).strip():
            yield command


PROGRAM = re.compile(
    r"(?:\S*/)?(?:argusd|pip|pytest|python3?|podman|docker|kubectl|curl|make|install|chmod|echo|runuser|systemctl|bearer\(\))\s"
)
HOW = {
    r"@<\(bearer\)|^bearer\(\)|^echo$": "tests/test_documented_clients.py",
    r"^curl ": "tests/test_documented_requests.py",
    r"argusd replay": "tests/daemon/commands/recordings/test_replay.py",
    r"argusd record": "tests/live/test_recording.py",
    r"argusd models pull house_vad|argusd reload": "tests/live/test_own_models.py",
    r"runuser .*argusd models pull|argusd install-systemd|^systemctl ": "tests/systemd/",
    r"argusd (?:serve|models|completion|--version)|pip install 'argusd-": "tests/test_wheel.py",
    r"argusd (?:publish|events)|make run": "tests/test_end_to_end.py",
    r"argusd doctor": "tests/daemon/commands/test_doctor.py",
    r"argusd hosts": "tests/daemon/commands/test_hosts.py",
    r"argusd drain": "tests/daemon/commands/test_drain.py",
    r"argusd kubernetes": "tests/daemon/kubernetes/",
    r"argusd |^make ": "tests/test_documented_commands.py",
    r"interviewer_bridge\.example": "tests/interviewer_bridge/example/",
    r"^podman build": "tests/containers/",
    r"^docker compose|^install -d|^chmod": "tests/daemon/compose/",
    r"^echo '": "tests/daemon/commands/recordings/test_replay.py",
    r"pytest tests/peers": "tests/peers/",
    r"^kubectl |^docker run|^python3 -m venv|/pip install": "",
}
"""What runs a command, or has the real parser read it; empty: it takes a cluster, a shell alone reads it."""


def shell_blocks() -> list[Block]:
    """The blocks that are for a shell."""
    return [
        block
        for block in blocks("", "bash")
        if (first := next(commands(block), "")) and PROGRAM.match(f"{first} ")
    ]


def how(command: str) -> str:
    """What runs it.

    Raises:
        LookupError: nobody has said.
    """
    for pattern, where in HOW.items():
        if re.search(pattern, command):
            return where
    raise LookupError(command)


if __name__ == "__main__":
    for each in shell_blocks():
        for line in commands(each):
            print(f"{each.document:<28} {how(line) or '(syntax)':<48} {line}")
