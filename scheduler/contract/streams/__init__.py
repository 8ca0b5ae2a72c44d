"""What a session may have watched. One declaration a stream."""
