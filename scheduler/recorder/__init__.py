"""The recorder: makes snapshots and clips of sessions that want evidence."""
