"""Evidence of violations: what callers see of it, and what the api and the recorder say to each other."""
