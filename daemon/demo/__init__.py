"""The sample clip, drawn on this machine, and the page that a newcomer is shown."""
