"""Samples: spectra and correlation."""
