"""Federated survival analysis in which every number that leaves a hospital is a sum.

What everyone shares: the statistics, the study file, the disclosure gate, the protocol of a run. What a hospital runs
is `riskset_site`, what the coordinator runs `riskset_server`.
"""

__version__ = "0.2.0"
