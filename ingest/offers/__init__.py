"""From a sender's offer to our answer (SDP). Pure."""
