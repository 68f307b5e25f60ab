"""Every number that leaves a hospital, by the analysis that asks for it."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.analyses.analysis import Analysis
from riskset.analyses.needed import needed_by
from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.disclosure.policy import Policy
from riskset.disclosure.rules_of import rules_of
from riskset.study.asked import PACKAGES
from riskset.study.spec import Study
from riskset_report.dossier.document import Cell, Group, Part, Section, grouped, section, table
from riskset_report.dossier.limits import bound_of, policy_of
from riskset_report.dossier.sizes import most_at_once

_COLUMNS = {"questions": 21, "shows": 34, "most": 15, "times": 13, "rules": 17}
_NEEDED = {"analysis": 40, "parameters": 20, "patients": 20, "events": 20}


def numbers_by_analysis(study: Study) -> Section:
    """Returns, by entry of the study, what its totals show, how many numbers it asks in a round, how often, and which
    rules judge them."""
    policy = policy_of(study)
    groups = tuple(Group(_entry(study, name), tuple(_rows(study, name, policy))) for name in study.analyses)
    return section(
        "analyses",
        grouped(_COLUMNS, groups, numeric=("most", "times")),
        say("dossier.numbers.opened", bound=bound_of(policy, "R5.opened")),
        *_table_of_needs(study, policy),
    )


def _entry(study: Study, name: str) -> Message:
    """Returns the lines by which `riskset study check` names an entry, as one."""
    entry = study.analyses[name]
    lines, *more = entry.lines(study)
    for line in more:
        lines = say("dossier.numbers.entry_lines", line=lines, more=line)
    if package := PACKAGES.versions.get(entry.kind):
        lines = say("dossier.numbers.provided_by", lines=lines, package=package)
    return say("dossier.numbers.entry", name=name, lines=lines)


def _rows(study: Study, name: str, policy: Policy) -> Iterator[tuple[Cell, ...]]:
    """Yields a row for each kind of number that an entry asks for."""
    alike: dict[tuple[str, Message, tuple[str, ...]], list[Analysis]] = {}
    for analysis in plan(study).reported:
        if analysis.name == name:
            key = str(analysis.reveals), _times(analysis, policy), rules_of(analysis.exposure)
            alike.setdefault(key, []).append(analysis)
    for (_, times, rules), of in alike.items():
        most = most_at_once(of, len(study.sites))
        yield _named(of), of[0].reveals, most, times, ", ".join(rules)


def _named(analyses: list[Analysis]) -> str:
    first, more = analyses[0].id, len(analyses) - 1
    return say("site.review.and_more", first=first, n=more) if more else first


def _times(analysis: Analysis, policy: Policy) -> Message:
    """Returns how many rounds ask for it, as rule R5 bounds them."""
    exposure = analysis.exposure
    if exposure.halved:
        return say("dossier.numbers.until_few")
    points = int(policy.values["R5.evaluations"]) if exposure.is_iterative else 1
    return say("dossier.number", n=points * exposure.rounds_of_a_point)


def _table_of_needs(study: Study, policy: Policy) -> Iterator[Part]:
    if rows := tuple(_needs(study, policy)):
        yield say("dossier.numbers.needs_each") if policy.column == "local" else say("dossier.numbers.needs")
        yield table(_NEEDED, rows, numeric=("parameters", "patients", "events"))


def _needs(study: Study, policy: Policy) -> Iterator[tuple[Cell, ...]]:
    """Yields what the largest model of each entry needs under the rules."""
    for name, of in needed_by(plan(study), policy).items():
        yield name, *(say("dossier.number", n=of[what]) for what in ("parameters", "patients", "events"))
