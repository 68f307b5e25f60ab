"""What an audit asks of this package, which it finds by the entry point `riskset.report`: the folder of a run again."""

from __future__ import annotations

from riskset.results import Results
from riskset_report.folder import contents_of
from riskset_report.provenance import Recorded
from riskset_report.report import report_of


def redrawn(
    results: Results, *, roster: str, began_at: str, ended_at: str, language: str, text_as_paths: bool
) -> dict[str, bytes]:
    """Returns the files of the folder of a run by their path in it, as `riskset run` and `riskset report` write them;
    nothing is written. The arguments are as of `Recorded`, and as provenance.json has them."""
    recorded = Recorded(roster=roster, began_at=began_at, ended_at=ended_at)
    return contents_of(report_of(results, language=language), recorded, are_texts_paths=text_as_paths)
