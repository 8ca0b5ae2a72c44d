"""Hours in which nothing is to be found, and what may change in them."""
