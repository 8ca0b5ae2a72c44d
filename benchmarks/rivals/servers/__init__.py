"""The rivals themselves, each run as a module by the interpreter of its own environment."""
