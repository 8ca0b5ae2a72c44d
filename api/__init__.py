"""HTTP: sessions, WHIP, events, results, health, metrics."""
