"""Exactly which numbers would leave, worked out on the site's own rows by the very code that would send them.

A whole run is rehearsed in memory with this site alone. The numbers of admission are those that would be sent; those
of the models follow a fit to this site's rows, where a true run follows all sites'. Nothing is sent, and nothing is
held back: what a rule says is told beside the numbers. Own rows are judged against own sums, which is the strictest
case: with other sites' patients in the sums no leverage grows. So what passes here passes in the run, as far as it
does not depend on beta.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from riskset.analyses.admission.judging import Judge, Judged
from riskset.analyses.cohort import Cohort
from riskset.disclosure import cells
from riskset.disclosure.finding import Finding
from riskset.disclosure.policy import Policy
from riskset.disclosure.rules import LIMITS
from riskset.protocol.contributing import Contributor, Labelled
from riskset.protocol.history import History
from riskset.protocol.journal import Sent
from riskset.rehearsal import Rehearsal
from riskset.study.spec import Study

IN_THE_RUN = "in the run"
"""The verdict on a pooled figure that this site's part does not decide."""
STAYS_OUT = "R1.site_rows"
"""The limit under which a site does not take part at all."""
_OF_SITES = frozenset({"R12", "R13", "R14"})
"""Rules that speak of sites or of earlier runs: no preview of one site can tell."""


@dataclass(frozen=True)
class Round:
    """One vector."""

    phase: str
    numbers: tuple[Labelled, ...]
    """By what asked for them: id, a label a number, the numbers in clear."""

    @property
    def size(self) -> int:
        return sum(len(labels) for _, labels, _ in self.numbers)


@dataclass(frozen=True)
class Verdict:
    """What a rule says of this site's rows."""

    analysis: str
    finding: Finding
    verdict: str
    """pass, review or fail; or `in the run`."""


@dataclass(frozen=True)
class Preview:
    """What a run would ask of this site, and what the rules say of it."""

    rounds: tuple[Round, ...]
    verdicts: tuple[Verdict, ...]

    @property
    def worst(self) -> dict[str, Verdict]:
        """By limit, in the order of the rules: the figure nearest to it, or furthest past it."""
        found: dict[str, Verdict] = {}
        for verdict in self.verdicts:
            name = verdict.finding.limit_name
            if name not in found or verdict.finding.margin < found[name].finding.margin:
                found[name] = verdict
        return {name: found[name] for name in LIMITS if name in found}


class _Notes:
    """The numbers of each vector of a rehearsal, and what the rules would have said of them."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self.policies = policies
        self.rounds: list[Round] = []
        self.judged: list[tuple[Policy, Judged]] = []

    def take(self, contributor: Contributor, history: History, sent: Sent) -> None:
        for policy in self.policies:
            judge = replace(history.judge, policy=policy)
            found = contributor.judge_own(replace(history, judge=judge))
            if history.is_closing:  # all figures that there will be are known
                found += _pooled(judge, history)
            self.judged += [(policy, one) for one in found]
        self.rounds.append(Round(history.phase, sent.numbers))


def preview(study: Study, cohort: Cohort, *policies: Policy) -> Preview:
    """Returns every round's numbers and what the rules of these policies say of them. Never leaves the site.

    The first is the run's. A site that may be subtracted is judged by the limits for its rows alone, too.
    """
    notes = _Notes(policies)
    Rehearsal(study, {cohort.site: cohort}, "preview", is_gated=False, watch=notes.take).run()
    judged = [*((policies[0], found) for found in _rows(cohort, policies[0])), *notes.judged]
    verdicts = (
        Verdict(id_, found, _verdict(found, policy)) for policy, (id_, found) in judged if found.rule not in _OF_SITES
    )
    return Preview(tuple(notes.rounds), tuple(dict.fromkeys(verdicts)))


def _rows(cohort: Cohort, policy: Policy) -> Iterator[Judged]:
    """What a site looks at before it takes part at all."""
    yield from ((name, cells.site_rows(policy, rows.n)) for name, rows in cohort.analysis_sets.items())


def _pooled(judge: Judge, history: History) -> Iterator[Judged]:
    for phase in ("open", "admission/cohorts", "admission/counts"):
        yield from judge.pooled_findings(phase, history.plan.reported, history.figures)


def _verdict(finding: Finding, policy: Policy) -> str:
    """Under the secure sum a figure that fails alone may pass with the other sites' patients; a site's own rows are
    judged here."""
    is_final = policy.column == "local" or finding.limit_name == STAYS_OUT
    return finding.verdict if is_final or finding.passes else IN_THE_RUN
