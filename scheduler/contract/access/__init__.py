"""What callers and the api say to each other about who gets in."""
