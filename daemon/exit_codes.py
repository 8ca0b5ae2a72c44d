"""What a command ends with. docs/terminal.md has the table; a test holds it to this.

A scheduler's own, 75 and 76, are in ``scheduler/errors.py``: whoever supervises it starts it again.
"""

DONE = 0
FAILED = 1  # the sentence on stderr says why; another try may succeed
USAGE = 2  # the command line, the configuration or the installation: another try cannot succeed
INTERRUPTED = 130  # what shells make of SIGINT
NO_READER = 141  # what shells make of SIGPIPE
