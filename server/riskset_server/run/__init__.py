"""A run from its first message to results on the disk."""
