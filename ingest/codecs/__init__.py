"""What the receiver knows of each codec."""
