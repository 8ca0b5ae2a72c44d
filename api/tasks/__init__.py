"""One-shot tasks."""
