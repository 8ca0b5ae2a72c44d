"""Spans of what a process does, told to a collector of traces."""
