"""Media in: WebRTC, decoding, shared-memory arenas and rings."""
