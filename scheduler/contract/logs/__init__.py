"""What lines of a log say, and what they must not."""
