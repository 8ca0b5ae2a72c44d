"""Between processes: connections, messages, who is connected."""
