"""What is made of measurements: statistics, and pages to read."""
