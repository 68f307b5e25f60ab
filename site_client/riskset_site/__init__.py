"""What a hospital runs: its data, its consent, its records, and one process that answers."""
