"""From packets to frames: order, losses, clocks, feedback."""
