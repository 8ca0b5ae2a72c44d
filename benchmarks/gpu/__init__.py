"""What an NVIDIA GPU is good for here: kernels and engines beside the CPU's, bandwidths, batches, sessions.

``command`` is ``argusd bench gpu``; ``parts`` says which parts there are. A part takes a ``rig.Rig``, so that
tests try every part on a host's threads, where there is no GPU.
"""

from .command import main

__all__ = ["main"]
