"""The results of a run: typed, and as `results.json`, written alike by coordinator, rehearsal and auditor."""

from riskset.results.conduct import Conduct, SignedException
from riskset.results.document import entry_json, results_file, results_json, write_results
from riskset.results.results import ResultEntry, Results, results_of

__all__ = [
    "Conduct",
    "ResultEntry",
    "Results",
    "SignedException",
    "entry_json",
    "results_file",
    "results_json",
    "results_of",
    "write_results",
]
