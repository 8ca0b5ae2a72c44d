"""Text analysis: stylometry and rules in plain Python, and verdicts from a configured language model."""
