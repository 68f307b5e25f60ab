"""How fast riskset is, side by side with others on this machine. `python -m benchmarks --help`."""
