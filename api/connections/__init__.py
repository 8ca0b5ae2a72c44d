"""Clients' connections and requests from one end to the other: how long they take, and how much they send."""
