"""What every request goes through: envelopes, limits, the rules of browsers."""
