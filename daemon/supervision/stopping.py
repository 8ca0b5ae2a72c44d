"""The decision how long each process may take to end, apart from any process.

All are asked to end at the same moment, by ``argusd serve`` as by systemd, and each does what is its own to
do before it ends: ingest workers close their sessions, schedulers end what they watch and finish their tasks,
the api takes nothing more, answers what it has taken, stores what the others still tell, and ends last.
"""

UNWINDING_S = 10.0
LAST = {"serve": 3, "api": 2}
"""Those that wait for others, and how many times that long they may take after the tasks."""


def grace_s(command: str, shutdown_s: float) -> float:
    """Seconds after which a process that was asked to end is taken for stuck and killed.

    ``command``: what the process runs, such as ``api``. ``shutdown_s``: how long tasks at work may go on;
    what comes after them is quick, but where the machine is busy.
    """
    return shutdown_s + LAST.get(command, 1) * UNWINDING_S
