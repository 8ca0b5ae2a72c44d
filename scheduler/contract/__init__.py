"""What callers and processes say to each other: a leaf that all may import and that imports nothing heavy."""
