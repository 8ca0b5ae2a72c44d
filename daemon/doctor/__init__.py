"""What a machine must have, should have, or could have."""
