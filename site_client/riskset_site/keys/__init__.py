"""A hospital's keys, and where they lie."""
