"""Whole servers under load: argusd and what people would take instead, asked in the same way in one run."""
