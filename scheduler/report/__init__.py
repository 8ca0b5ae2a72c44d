"""What the process tells: findings, results, figures."""
