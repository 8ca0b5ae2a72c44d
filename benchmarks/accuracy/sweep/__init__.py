"""Thresholds: what each would find and accuse of, on looks that were taken once."""
