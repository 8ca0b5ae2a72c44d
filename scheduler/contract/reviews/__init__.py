"""What people make of violations."""
