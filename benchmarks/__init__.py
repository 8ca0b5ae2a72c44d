"""What each figure means is told in README.md beside this file."""
