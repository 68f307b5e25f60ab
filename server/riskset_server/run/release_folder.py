"""What a finished run writes: results.json for programs, report.html and numbers.csv for people."""

from __future__ import annotations

from pathlib import Path

from riskset.results import Results, write_results
from riskset_server.report import report_of, write_report


def write_outcome(results: Results, folder: Path, made_at: str) -> list[Path]:
    """Returns the paths written, results.json first. Each file is whole or not there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    write_results(results, path)
    return [path, *write_report(report_of(results), folder, made_at=made_at)]
