"""One-shot tasks, one file a domain; payloads.py is what callers send, runner.py what tasks may ask for."""
