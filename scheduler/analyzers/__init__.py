"""One file a stream's findings: which roles look, and what their outputs mean."""
