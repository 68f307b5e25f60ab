"""`results.json`, in the shape of docs/results.md, for the report, R, and outside checkers.

A missing number is null with a reason beside it; never 0, and never left out. Keys that are specific to a kind of
analysis come from the analysis.

Numbers have 13 significant digits. Totals and states are the same bits for all parties, and so are curves; but exp,
log and erfc of two machines' mathematical libraries may differ in the last bit of a hazard ratio or a P value. Rounded,
they differ only where a number lies that close to the boundary between two roundings.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.private_files import replace_file
from riskset.results.in_steps import in_steps
from riskset.results.results import ResultEntry, Results
from riskset.study.load import study_hash

SCHEMA: Final = 1
DIGITS: Final = 13
"""Significant digits of every number that is not an integer: the relative error is at most 5e-13."""

Json = dict[str, Any]


def results_json(results: Results) -> Json:
    """Returns the whole document, its numbers rounded."""
    study = results.study
    whole = {
        "schema": SCHEMA,
        "study": {"id": study.id, "version": study.version, "sha256": study_hash(study), "title": study.header.title},
        "run": results.run,
        "sites": list(results.sites),
        "not_included": {"sites": list(results.sites_not_included), "patients": results.patients_not_included},
        "rounds": results.rounds,
        "time": {"unit": study.time.unit, "days_per_unit": study.days_per_unit},
        "notices": list(results.notices),
        "unblinded": [decision.content for decision in results.unblinded],
        "opened": {
            "numbers": results.opened.numbers,
            "before": results.opened_before,
            "patients": results.opened.patients,
            "columns": results.opened.columns,
        },
        "results": [entry_json(entry) for entry in results.entries],
    }
    return {key: rounded(value) for key, value in whole.items()}


def entry_json(entry: ResultEntry) -> Json:
    """Returns the object of one result, its numbers not rounded."""
    analysis = entry.analysis
    head = {"id": entry.id, "analysis": analysis.name, "kind": entry.kind}
    asked_about = {"endpoint": analysis.endpoint, "population": analysis.population}
    return {
        **head,
        **{key: name for key, name in asked_about.items() if name is not None},
        "status": entry.status,
        "analysed": entry.analysed,
        "excluded": None if entry.excluded is None else entry.excluded.to_json(),
        **analysis.question_json(),
        **_end(entry),
        **({"levels": [level.to_json() for level in entry.levels]} if entry.levels else {}),
        **({} if entry.meets_demands is None else {"demands": "met" if entry.meets_demands else "not met"}),
        **analysis.parts_json(entry.result, [(part.analysis, part.result) for part in entry.parts]),
        "gate": entry.gate,
    }


def _end(entry: ResultEntry) -> Json:
    result: Any = entry.result  # of the type that belongs to its analysis
    if isinstance(result, NotEstimable):
        return in_steps({"reason": result.reason_json(), **result.counts_json()}, entry.steps)
    if isinstance(result, RefusedByRule):
        return {"reason": result.reason_json()}
    return in_steps(entry.analysis.result_json(result), entry.steps)


def rounded(value: Any) -> Any:  # noqa: ANN401 - any part of a document
    """Returns a part of a document with every float rounded to `DIGITS` significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{DIGITS - 1}e}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def results_file(document: Json) -> bytes:
    """Returns results.json: the same bytes for the same document."""
    return f"{json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)}\n".encode()


def write_results(results: Results, path: Path) -> None:
    """Writes results.json whole or not at all."""
    replace_file(path, results_file(results_json(results)))
