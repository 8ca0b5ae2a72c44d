"""The sockets and candidates through which senders reach us."""
