"""What is counted and compared: shares and rates with their intervals, verdicts, stretches of time. Pure."""
