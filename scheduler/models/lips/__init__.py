"""Whether a mouth and a voice belong together."""
