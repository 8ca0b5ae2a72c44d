"""What a setting of a certain kind may be."""

from typing import Annotated

import msgspec

MOST = 10**11
"""More than there is of anything, and less than what Redis and the kernel take for a number."""
Count = Annotated[int, msgspec.Meta(ge=1, le=MOST)]
HIGHEST_PORT = 65_535
Port = Annotated[int, msgspec.Meta(ge=0, le=HIGHEST_PORT)]
"""0: a free one of the system's choice, or none, as the field says."""
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=1e6)]
"""How long something may take: never nothing, and never for ever (TOML knows inf and nan)."""
