"""The release gate: which numbers are held back, so that nobody who reads all that is published learns a small cell."""
