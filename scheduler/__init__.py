"""Models and time: micro-batches over all sessions, findings out."""
