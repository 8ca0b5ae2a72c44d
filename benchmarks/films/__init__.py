"""Films that are played to a session's streams, and what comes of them."""
