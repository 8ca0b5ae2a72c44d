"""Recordings: who speaks when, who is whom, and how much of the speech is told."""
