"""The event log in Redis: written once, read by many."""
