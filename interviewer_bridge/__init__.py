"""What a calling service imports: publish media, follow events."""
