"""Who may do what: tokens, what they let their bearers do, and tickets for those who cannot show one."""
