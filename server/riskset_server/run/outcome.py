"""What a finished run writes and prints: results.json for programs, report.html and numbers.csv for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.results import Results, write_results
from riskset.study.spec import Study


def write_outcome(results: Results, folder: Path, made_at: str) -> list[Path]:
    """Returns the paths written, results.json first. Each file is complete or absent."""
    from riskset_server.report import report_of, write_report  # drawing takes a second to import

    path = folder / "results.json"
    write_results(results, path)
    return [path, *write_report(report_of(results), folder, made_at=made_at)]


def not_reported(study: Study, results: Mapping[str, Result]) -> list[str]:
    """Returns one line for each analysis without a result, with the reason; a single line if all have a result."""
    ends = [(analysis.id, results[analysis.id]) for analysis in plan(study).reported]
    refused = [
        say("run.outcome.refused", analysis=id_, refusal=refusal(result))
        for id_, result in ends
        if isinstance(result, RefusedByRule)
    ]
    failed = [
        say("run.outcome.not_estimable", analysis=id_, reason=result.message)
        for id_, result in ends
        if isinstance(result, NotEstimable)
    ]
    return [str(line) for line in [*refused, *failed] or [say("run.outcome.complete", n=len(ends))]]


def refusal(result: RefusedByRule) -> Message:
    """Returns the rule, what it found, and what would pass."""
    return say("run.outcome.refusal", rule=result.rule, finding=result.message, remedy=result.remedy)
