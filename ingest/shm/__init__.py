"""Shared memory: arenas, rings, and what writes into them."""
