"""Media to the daemon over WebRTC."""
