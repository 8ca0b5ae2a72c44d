"""Finding things and people."""
