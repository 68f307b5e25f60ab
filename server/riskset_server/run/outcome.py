"""What a finished run writes and prints: results.json for programs, report.html and numbers.csv for people."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result
from riskset.analyses.counts_in_time import CountedInTime
from riskset.analyses.excluded import NO_FOLLOW_UP, Excluded
from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.results import Results, write_results
from riskset.study.spec import Study


def write_outcome(results: Results, folder: Path, made_at: str) -> list[Path]:
    """Returns the paths written, results.json first. Each file is complete or absent."""
    from riskset_server.report import report_of, write_report  # drawing takes a second to import

    folder.mkdir(parents=True, exist_ok=True)
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


def excluded(results: Results) -> list[str]:
    """Returns, for each set that leaves out eligible patients, who is not analysed, and which covariate costs many."""
    from riskset_server.report.sections.analysed import costly

    lines: dict[str, None] = {}
    for entry in results.entries:
        left_out = {code: n for code, n in entry.excluded.by_reason.items() if n} if entry.excluded else {}
        if entry.analysed is None or entry.excluded is None or not left_out:
            continue
        eligible = entry.analysed + sum(left_out.values())
        reasons = tuple(_left_out(code, n, entry.excluded) for code, n in left_out.items())
        of = say(
            "run.excluded.set", set=entry.analysis.analysis_set, n=entry.analysed, eligible=eligible, reasons=reasons
        )
        lines[str(of)] = None
        if names := entry.excluded.costly(entry.analysed):
            lines[str(costly(entry, names))] = None
    return list(lines)


def _left_out(code: str, n: int, of: Excluded) -> Message:
    if code == NO_FOLLOW_UP:
        return say("run.excluded.no_follow_up", n=n)
    variables = tuple(f"{name} {'few' if m is None else m}" for name, m in of.missing.items() if m != 0)
    return say("run.excluded.incomplete", n=n, variables=variables)


def refusals_of(analysis: Analysis, result: Result) -> list[RefusedByRule]:
    """Returns the refusal of an analysis, or of its arms alone; none where nothing was refused."""
    arms = analysis.arms_refusal if isinstance(analysis, CountedInTime) else None
    return [of for of in (result, arms) if isinstance(of, RefusedByRule)]


def refusal(result: RefusedByRule) -> Message:
    """Returns the rule, what it found, and what would pass."""
    return say("run.outcome.refusal", rule=result.rule, finding=result.message, remedy=result.remedy)
