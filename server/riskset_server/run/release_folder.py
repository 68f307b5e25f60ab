"""What a finished run writes: results.json for programs, report.html and numbers.csv for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskset.protocol.coordinator import Outcome
from riskset.study.spec import Study
from riskset_server.report import labels_of, write_report
from riskset_server.run.results import results_document, write_results


def write_outcome(
    study: Study,
    outcome: Outcome,
    sites: Sequence[str],
    folder: Path,
    made_at: str,
    notices: Sequence[str],
    *,
    is_gated: bool = True,
) -> list[Path]:
    """Returns the paths written, results.json first. Each file is whole or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    document = results_document(study, outcome, sites, notices, is_gated=is_gated)
    results = folder / "results.json"
    write_results(document, results)
    labels = labels_of(study)
    return [results, *write_report(document, folder, made_at=made_at, notices=document["notices"], labels=labels)]
