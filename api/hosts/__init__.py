"""Many hosts on one Redis: which there are, whose a session is, and where a request goes."""
