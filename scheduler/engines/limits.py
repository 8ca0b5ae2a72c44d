"""What holds for every engine."""

THREADS = 1  # per model on the CPU: models side by side beat threads within one
