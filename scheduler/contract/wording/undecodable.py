"""What decoding raises where somebody else has written the bytes."""

import msgspec

UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""No JSON (MessagePack, TOML) or not of the wanted shape; text that is not UTF-8; nested beyond reason."""
