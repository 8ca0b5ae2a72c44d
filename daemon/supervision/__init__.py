"""Processes started, watched, restarted and ended."""
