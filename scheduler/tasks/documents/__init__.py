"""The text of a page, and the fields of identity documents."""
