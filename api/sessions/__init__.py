"""Sessions: defined, published, watched, ended."""
