"""What every request goes through: tokens, envelopes, limits."""
