"""What holds for every engine."""

IN_FLIGHT = 2  # batches on one device: one is prepared, or decoded, while the other runs
THREADS = 1  # per model on the CPU: models side by side beat threads within one
