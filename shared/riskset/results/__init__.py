"""What a run found: typed, and as `results.json`, which coordinator, rehearsal and auditor write alike."""

from riskset.results.document import entry_json, results_json, write_results
from riskset.results.results import Entry, Results, results_of

__all__ = ["Entry", "Results", "entry_json", "results_json", "results_of", "write_results"]
