"""The process: models loaded, batches run, tasks served."""
