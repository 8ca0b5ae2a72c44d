"""Who may do what: tokens, what they let their bearers do, and tickets for requests that can show none."""
