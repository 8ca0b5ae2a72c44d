"""What the names that callers choose look like: of sessions, scans, models and profiles."""

from typing import Annotated

import msgspec

NAME = r"^[A-Za-z0-9_.:-]{1,128}$"
IN_WORDS = "1 to 128 letters, digits or signs (of _ . : -)"
Name = Annotated[str, msgspec.Meta(pattern=NAME, description=IN_WORDS)]
