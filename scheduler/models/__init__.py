"""One file a model: what goes in, what comes out."""
