"""What lies in the arenas: which rings there are, what is new in them, and when it was captured."""
