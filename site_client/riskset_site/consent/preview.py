"""Exactly which numbers a site would send, computed from its own rows by the code that would send them.

A whole run is rehearsed in memory with this site alone. The numbers of admission and of the curves are those that would
be sent. Those of the models follow a fit to this site's rows; in a run they follow the fit to the rows of all sites.
Nothing is sent, and no number is withheld: the findings of the rules are listed beside the numbers. The site's rows are
judged against its own sums, the strictest case, because no leverage grows when other sites' patients enter the sums.
What passes here therefore passes in the run, except where it depends on beta.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from riskset.analyses.admission.judge import Judge
from riskset.analyses.admission.judging import Judged
from riskset.analyses.cohort import Cohort
from riskset.analyses.opened import Tally, judged
from riskset.disclosure import cells
from riskset.disclosure.curves import Curve
from riskset.disclosure.finding import Finding
from riskset.disclosure.policy import Policy
from riskset.disclosure.rules import LIMITS
from riskset.protocol.contributing import Contributor
from riskset.protocol.history import History
from riskset.protocol.journal import Labelled, Sent
from riskset.rehearsal import Rehearsal
from riskset.study.spec import Study

IN_THE_RUN = "in the run"
"""The verdict on a pooled figure that this site's patients alone do not decide."""
STAYS_OUT = "R1.site_rows"
"""The limit below which a site takes no part in a run."""
_OF_SITES = frozenset({"R12", "R13", "R14"})
"""Rules on sites or on earlier runs, which the preview of one site cannot judge."""


@dataclass(frozen=True)
class Round:
    """One vector."""

    phase: str
    numbers: tuple[Labelled, ...]
    """By what requests them: id, one label per number, the numbers before masking."""

    @property
    def size(self) -> int:
        return sum(len(labels) for _, labels, _ in self.numbers)


@dataclass(frozen=True)
class Verdict:
    """The finding of a rule on this site's rows."""

    analysis: str
    finding: Finding
    verdict: str
    """pass, review or fail; or `in the run`."""


@dataclass(frozen=True)
class OpenedHere:
    """The most numbers that models and tables open of this site's patients (R5), and what these consist of."""

    numbers: int
    before: int
    """In earlier runs."""
    patients: int
    columns: int


@dataclass(frozen=True)
class Preview:
    """What a run would request of this site, and the findings of the rules."""

    rounds: tuple[Round, ...]
    verdicts: tuple[Verdict, ...]
    opened: OpenedHere

    @property
    def worst(self) -> dict[str, Verdict]:
        """By limit, in the order of the rules: the figure closest to it, or furthest beyond it."""
        found: dict[str, Verdict] = {}
        for verdict in self.verdicts:
            name = verdict.finding.limit_name
            if name not in found or verdict.finding.margin < found[name].finding.margin:
                found[name] = verdict
        return {name: found[name] for name in LIMITS if name in found}


class _Notes:
    """The numbers of each vector of a rehearsal, and what the rules would have said of them."""

    def __init__(self, policies: Sequence[Policy], curves: tuple[Curve, ...], opened_before: int) -> None:
        self.policies, self.curves, self.opened_before = policies, curves, opened_before
        self.opened = Tally()
        self.rounds: list[Round] = []
        self.judged: list[tuple[Policy, Judged]] = []

    def take(self, contributor: Contributor, history: History, sent: Sent) -> None:
        contributor.own = replace(contributor.own, opened=lambda: self.curves)
        history = _after_earlier_runs(history, self.opened_before)
        if history.is_closing:
            self.opened = _opened(self.policies[0], contributor, history)
        for policy in self.policies:
            judge = replace(history.judge, policy=policy)
            found = contributor.judge_own(replace(history, judge=judge))
            if history.is_closing:  # all figures that there will be are known
                found += _pooled(judge, history)
            self.judged += [(policy, one) for one in found]
        self.rounds.append(Round(history.phase, sent.numbers))


def preview(
    study: Study, cohort: Cohort, *policies: Policy, curves: tuple[Curve, ...] = (), opened_before: int = 0
) -> Preview:
    """Returns the numbers of every round and the findings of the rules under these policies. Never leaves the site.

    The first policy is that of the run. A site that may be subtracted is also judged by the limits for its own sums.
    Of earlier runs, `curves` are those that it answered, `opened_before` is how many numbers models and tables opened.
    """
    notes = _Notes(policies, curves, opened_before)
    told = {cohort.site}  # what would be told if it signed
    asked = _without_gates(study)
    Rehearsal(asked, {cohort.site: cohort}, "preview", is_gated=False, told_alone=told, watch=notes.take).run()
    judged = [*((policies[0], found) for found in _rows(cohort, policies[0])), *notes.judged]
    verdicts = (
        Verdict(id_, found, _verdict(found, policy)) for policy, (id_, found) in judged if not _is_of_sites(found)
    )
    tally = notes.opened
    opened = OpenedHere(tally.numbers, opened_before, tally.patients, tally.columns)
    return Preview(tuple(notes.rounds), tuple(dict.fromkeys(verdicts)), opened)


def _without_gates(study: Study) -> Study:
    """Returns the study in which no gate withholds outcomes. What this site's own patients fail, those of all sites may
    pass; then their outcomes are asked for."""
    score = study.propensity
    if score is None or score.gates is None:
        return study
    gates = score.gates.model_copy(update={"on_fail": "flag"})
    return study.model_copy(update={"propensity": score.model_copy(update={"gates": gates})})


def _is_of_sites(finding: Finding) -> bool:
    """Whether it says nothing here: which sites have patients is known in the run."""
    return finding.rule in _OF_SITES or getattr(finding.subject, "code", "") == cells.AT_SITE


def _after_earlier_runs(history: History, opened: int) -> History:
    """Returns the history as if the site had stated how many numbers it opened before: the rehearsal begins anew."""
    stated = {site: replace(said, opened=opened) for site, said in history.opened.items()}
    return replace(history, opened=stated, figures=replace(history.figures, opened_before=opened))


def _opened(policy: Policy, contributor: Contributor, history: History) -> Tally:
    sets = contributor.own.cohort.analysis_sets
    found = judged(policy, history.begun, lambda name: sets[name].n, history.plan.fields, history.figures.opened_before)
    return next((tally for _, finding, tally in reversed([*found]) if finding.passes), Tally())


def _rows(cohort: Cohort, policy: Policy) -> Iterator[Judged]:
    """What a site looks at before it takes part at all."""
    yield from ((name, cells.site_rows(policy, rows.n)) for name, rows in cohort.analysis_sets.items())


def _pooled(judge: Judge, history: History) -> Iterator[Judged]:
    """What the rules say of the sums, here of this site alone; not of patients who are known by a score only, where its
    own rows alone have none."""
    known = [one for one in history.plan.judging_order if one.analysis_set in history.figures.rows]
    for phase in ("open", "admission/cohorts", "admission/counts", "admission/pairs", "admission/joint"):
        yield from judge.pooled_findings(phase, known, history.figures)
    yield from judge.opened(history.begun, history.figures, history.plan.fields)


def _verdict(finding: Finding, policy: Policy) -> str:
    """Under the secure sum a figure that fails alone may pass with the other sites' patients; a site's own rows are
    judged here, and so are its curves."""
    is_final = policy.column == "local" or finding.limit_name == STAYS_OUT or finding.rule == "R9"
    return finding.verdict if is_final or finding.passes else IN_THE_RUN
