"""WebSocket streams: media in, into the api's own arena, and an answer to every look at it."""
