"""What a finished run writes, into a folder of its own, and prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result, has_result
from riskset.analyses.excluded import BEFORE_LANDMARK, COSTLY, NO_FOLLOW_UP, NOT_ADJUSTED, Excluded
from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.protocol.coordinator import Outcome
from riskset.results import ResultEntry, Results, results_of
from riskset.results.notices import notices
from riskset.results.refusals import in_short, told_once
from riskset.secure.envelope import sha256
from riskset.study.spec import Study
from riskset_server.run.record import RunRecord

if TYPE_CHECKING:
    from riskset_report import Recorded


def write_run(
    study: Study,
    outcome: Outcome,
    record: RunRecord,
    out: Path,
    language: str | None = None,
    *,
    are_texts_paths: bool = False,
) -> list[Path]:
    """Writes what a finished run found into the folder of `out` that has the run's name; arguments and what is returned
    as of `write_outcome`.
    Its times are those of the record: the same run gives the same files whenever they are written."""
    from riskset_report import Recorded

    sites = outcome.history.opening.participants
    results = results_of(study, outcome, sites, notices(study, outcome))
    run = record.run(outcome.run)
    recorded = Recorded(roster=run.roster, began_at=run.began_at, ended_at=record.last_reply_at(outcome.run))
    return write_outcome(results, out / outcome.run, recorded, language, are_texts_paths=are_texts_paths)


def write_outcome(
    results: Results,
    folder: Path,
    recorded: Recorded | None = None,
    language: str | None = None,
    *,
    are_texts_paths: bool = False,
) -> list[Path]:
    """Writes the folder of a run, all of it or nothing, and returns the paths of its files, results.json first.

    `recorded` is what the coordinator's record says of the run; a rehearsal has none. The report is in the study's
    language unless one is given. `are_texts_paths`: texts of figures are outlines in SVG and PDF. Raises DataError
    where the folder has the results of a different run.
    """
    from riskset_report import report_of, write_report  # drawing takes a second to import

    return write_report(report_of(results, language=language), folder, recorded, are_texts_paths=are_texts_paths)


def hashes(paths: Sequence[Path]) -> dict[str, str]:
    """Returns the SHA-256 of the files of a folder by their path in it; the first is in the folder itself."""
    folder = paths[0].parent
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in paths}


def where(paths: Sequence[Path]) -> list[Path]:
    """Returns what is told of the files of a folder: those beside the first one, and the folders of the others."""
    folder = paths[0].parent
    return [*dict.fromkeys(path if path.parent == folder else path.parent for path in paths)]


def not_reported(study: Study, results: Mapping[str, Result]) -> list[Message]:
    """Returns one line for each reason for which analyses have no result; a single line if all have a result."""
    ends = [(analysis.id, results[analysis.id]) for analysis in said_of(plan(study).reported, results)]
    refusals = [(id_, result) for id_, result in ends if isinstance(result, RefusedByRule)]
    told = [(in_short(one.ids), refusal(one.refusal)) for one in told_once(refusals)]
    refused = [say("run.outcome.refused", analyses=analyses, refusal=of) for analyses, of in told]
    failed = [
        say("run.outcome.not_estimable", analysis=id_, reason=result.message)
        for id_, result in ends
        if isinstance(result, NotEstimable)
    ]
    return [*refused, *failed] or [say("run.outcome.complete", n=len(ends))]


def said_of(reported: Sequence[Analysis], results: Mapping[str, Result]) -> list[Analysis]:
    """Returns the analyses whose ends are told: all but the parts of one that has no result itself."""
    return [one for one in reported if one.part_of is None or has_result(results[one.part_of])]


def excluded(results: Results) -> list[Message]:
    """Returns, for each set that leaves out eligible patients, who is not analysed, and which covariate costs many."""
    lines: dict[Message, None] = {}
    for entry in results.entries:
        left_out = {code: n for code, n in entry.excluded.by_reason.items() if n} if entry.excluded else {}
        if entry.analysed is None or entry.excluded is None or not left_out:
            continue
        eligible = entry.analysed + sum(left_out.values())
        reasons = tuple(_left_out(code, n, entry.excluded) for code, n in left_out.items())
        of = say(
            "run.excluded.set", set=entry.analysis.analysis_set, n=entry.analysed, eligible=eligible, reasons=reasons
        )
        lines[of] = None
        if names := entry.excluded.costly(entry.analysed):
            lines[_costly(entry, names)] = None
    return list(lines)


def _costly(entry: ResultEntry, names: tuple[str, ...]) -> Message:
    """Returns that these covariates cost many patients, and what keeps them."""
    where = "in_model" if entry.analysis.set_id.complete_in is not None else "in_endpoint"
    return say(f"run.excluded.costly.{where}", names=names, share=f"{COSTLY:.0%}")


def _left_out(code: str, n: int, of: Excluded) -> Message:
    if code == NO_FOLLOW_UP:
        return say("run.excluded.no_follow_up", n=n)
    if code == BEFORE_LANDMARK:
        return say("run.excluded.before_landmark", n=n)
    if code == NOT_ADJUSTED:
        return say("run.excluded.not_adjusted", n=n)
    variables = tuple(f"{name} {'few' if m is None else m}" for name, m in of.missing.items() if m != 0)
    return say("run.excluded.incomplete", n=n, variables=variables)


def refusals_of(analysis: Analysis, result: Result) -> list[RefusedByRule]:
    """Returns the refusal of an analysis, or of a part of it; none where nothing was refused."""
    return [of for of in (result, analysis.part_refusal) if isinstance(of, RefusedByRule)]


def refusal(result: RefusedByRule) -> Message:
    """Returns the rule, what it found, and what would pass."""
    return say("run.outcome.refusal", rule=result.rule, finding=result.message, remedy=result.remedy)
