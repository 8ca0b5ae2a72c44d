"""What is stored beyond events: the embedded Redis and its file, what is erased, what cannot be read."""
