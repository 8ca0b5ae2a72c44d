"""Evidence of violations: asked for, chained, stored, shown."""
