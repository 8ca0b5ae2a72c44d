"""Secrets that stand in files of their own: readable by the daemon's user alone, never in argv or logs."""

from pathlib import Path

from .errors import SecretUnreadable


def read_secret(file: Path, key: str) -> str:
    """The text of a file that a key of the configuration names, without white space around it.

    Raises:
        SecretUnreadable: it cannot be read, is no text, or is empty.
    """
    try:
        text = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SecretUnreadable(f"{key}: cannot read {file}: {(reason or 'unknown error').lower()}") from error
    if not text:
        raise SecretUnreadable(f"{key}: {file} is empty")
    return text
