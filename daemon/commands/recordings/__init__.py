"""``argusd record`` and ``argusd replay``."""
