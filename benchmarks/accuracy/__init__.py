"""How right the findings are, on media that somebody labelled: ``argusd bench accuracy``.

``labels`` reads what is there; a module a part asks the daemon, and judges its answers apart from that;
``tallies`` counts. What the labels and the tables mean is told in ``docs/accuracy.md``.
"""

from .command import main

__all__ = ["main"]
