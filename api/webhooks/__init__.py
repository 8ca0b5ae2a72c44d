"""Events, posted to whoever the configuration names."""
