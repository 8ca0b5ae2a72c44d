"""For benchmarks that compare work: no look is spared, whatever is shown."""

import msgspec

from argusd.scheduler.contract.policy import Gates

EVERY_LOOK = Gates(**dict.fromkeys(Gates.__struct_fields__, False))
EVERY_LOOK_JSON = msgspec.to_builtins(EVERY_LOOK)
