"""Where this machine keeps its models, as a daemon does by default, and what benchmarks keep beside them."""

import os
from pathlib import Path

CACHE = Path(os.path.expanduser("~/.cache/argusd"))  # which raises nothing where there is no home
