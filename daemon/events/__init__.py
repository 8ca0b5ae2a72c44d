"""Events at the terminal: of a session that is published from here, or of any."""
