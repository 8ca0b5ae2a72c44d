"""What may be configured, and where it may be said."""
