"""A caller's recording to samples, and what of it is speech."""
