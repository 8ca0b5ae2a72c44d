"""The one-shot tasks: what each takes, what it gives, and where it runs. One declaration a task."""
