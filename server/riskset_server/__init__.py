"""What the coordinator runs: the server, a run and its record, the report, the demonstrations."""
