"""Pixels: decoding, cropping, aligning."""
