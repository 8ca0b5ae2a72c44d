"""The scheduler and parts of it, set up to be measured inside one process."""
