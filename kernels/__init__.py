"""Pixels and samples: no sessions, no models."""
