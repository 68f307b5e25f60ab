"""`riskset study try --suggest`: with which changes and exceptions every analysis of a study would pass."""
