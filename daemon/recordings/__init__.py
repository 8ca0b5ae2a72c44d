"""A session's inputs, kept and played again: what another policy or model finds in the same."""
