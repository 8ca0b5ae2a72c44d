"""What streams tell: the data of their newest results, and of what is found."""
