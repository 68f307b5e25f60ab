"""What an auditor does with the records of a run: check them, derive the results again. No network, no key."""
