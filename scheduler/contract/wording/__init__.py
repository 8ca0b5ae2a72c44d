"""What a type takes, in words, and why something does not fit it."""
