"""One-shot tasks, one file a domain; runner.py is what they may ask for, the contract what callers send."""
