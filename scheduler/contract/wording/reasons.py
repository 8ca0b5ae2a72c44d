"""Why something failed, in the words that our sentences use."""


def reason_of(error: OSError) -> str:
    """The system's words for an error, or the resolver's."""
    return (error.strerror or str(error)).lower()


def unreadable(error: OSError | ValueError, no_text: str) -> str:
    """Why a file of text cannot be read; ``no_text``: where what it holds cannot be decoded."""
    if isinstance(error, OSError):
        return reason_of(error)
    return no_text if isinstance(error, UnicodeDecodeError) else "its name is no file's"
