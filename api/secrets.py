"""Secrets that stand in files of their own: readable by the daemon's user alone, never in argv or logs."""

from pathlib import Path

from argusd.scheduler.contract.wording.reasons import unreadable

from .errors import SecretUnreadable


def read_secret(file: Path, key: str) -> str:
    """The text of a file that a key of the configuration names, without white space around it.

    Raises:
        SecretUnreadable: it cannot be read, is no text, or is empty.
    """
    try:
        text = file.read_text("utf-8-sig").strip()  # some editors put a mark before it
    except (OSError, ValueError) as error:  # the latter also where no file can have such a name
        why = unreadable(error, "it is no text in UTF-8")
        raise SecretUnreadable(f"{key}: cannot read {file}: {why}") from error
    if not text:
        raise SecretUnreadable(f"{key}: {file} is empty")
    return text


def check_line(secret: str, where: str) -> str:
    """The same secret, which others have to send or to type.

    Raises:
        SecretUnreadable: nobody could.
    """
    if not secret.isprintable() or secret != secret.strip():
        raise SecretUnreadable(
            f"{where} must be one line of printable characters, without white space around it"
        )
    return secret
