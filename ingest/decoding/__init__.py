"""Frames to pictures in shared memory."""
