"""Speech, and whose it is."""
