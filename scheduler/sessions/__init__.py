"""Whose tracks feed which analyzers, and when."""
