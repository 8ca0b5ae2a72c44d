"""What people make of violations: reviews, a session's report, and which sessions need a look first."""
