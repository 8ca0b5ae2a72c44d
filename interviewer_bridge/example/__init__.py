"""A Layer-3 service in small: an interview from enrolment to the decision, without a model of its own."""
