"""``python -m argusd.daemon.reference metrics.md`` prints a page."""

import sys

from .configuration import configuration
from .metrics import metrics
from .policy import policy
from .tasks import tasks

PAGES = {"configuration.md": configuration, "metrics.md": metrics, "policy.md": policy, "tasks.md": tasks}

if __name__ == "__main__":
    print(PAGES[sys.argv[1]](), end="")
