"""Models in memory: engines, measured curves, how rows are fed and batches run."""
