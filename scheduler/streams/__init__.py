"""One file a stream: which models it asks for, and what their outputs mean."""
