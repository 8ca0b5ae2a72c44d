"""``python -m argusd.daemon`` is ``argusd``; the supervisor starts its children this way."""

import sys

from .cli import main

sys.exit(main())
