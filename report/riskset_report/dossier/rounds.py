"""Every number that leaves a hospital, round by round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskset.analyses.admission.before_a_run import AskedInStep, first_admission, last_admission
from riskset.analyses.plan import plan
from riskset.catalogue import Message, say
from riskset.protocol.journal import ALONE
from riskset.protocol.revealed import revealed_by
from riskset.study.spec import Study
from riskset_report.dossier.document import Cell, Section, section, table
from riskset_report.dossier.limits import policy_of, read_by_others
from riskset_report.dossier.sizes import most_at_once

_COLUMNS = {"round": 22, "shows": 46, "most": 16, "clear": 16}
_CHANGES = "admission/changes"


def numbers_by_round(study: Study) -> Section:
    """Returns how a run goes, and how many numbers each of its rounds asks of a hospital at most."""
    planned = plan(study)
    return section(
        "numbers",
        say("dossier.numbers.run", at_least=planned.longest_chain().rounds),
        say(f"dossier.numbers.read.{read_by_others(study)}"),
        say("dossier.numbers.most"),
        table(_COLUMNS, tuple(_rounds(study)), numeric=("most", "clear")),
        say("dossier.numbers.flags", n=len(planned.reported)),
        say("site.seen.stated"),
    )


def _rounds(study: Study) -> Iterator[tuple[Cell, ...]]:
    planned, policy, shows = plan(study), policy_of(study), revealed_by(study)
    none, changes_most = say("dossier.number", n=0), say("dossier.numbers.changes_most")
    yield say("dossier.numbers.opening"), say("dossier.numbers.opening_shows"), none, none
    yield _phase(_CHANGES), shows[_CHANGES], changes_most, changes_most
    for step in first_admission(planned, policy):
        yield _row(_phase(step.id), step, shows)
    for step in last_admission(planned, policy):
        yield _row(say("dossier.numbers.again", phase=_phase(step.id)), step, shows)
    most = most_at_once(planned.reported, len(study.sites))
    yield say("dossier.numbers.evaluations"), say("dossier.numbers.evaluations_shows"), most, none
    if told := sum(analysis.numbers_told for analysis in planned.reported):
        yield (
            say("dossier.numbers.alone"),
            shows[ALONE],
            say("dossier.number", n=told),
            say("dossier.numbers.if_signed"),
        )


def _row(name: Message, step: AskedInStep, shows: Mapping[str, str]) -> tuple[Cell, ...]:
    return name, shows[step.id], say("dossier.number", n=step.numbers), say("dossier.number", n=step.stated)


def _phase(step: str) -> Message:
    return say(f"site.review.phase.{step.rpartition('/')[2]}")
