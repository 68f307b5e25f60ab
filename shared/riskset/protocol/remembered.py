"""What a site's journal says of its earlier runs, for the rules that judge a new one beside them. None of it leaves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from riskset.analyses.admission.figures import ToldSet
from riskset.analyses.admission.step import Own
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.protocol.approval import Approval
from riskset.protocol.derived_sets import derived_sets, not_compared, population_to_keep, runs_of
from riskset.protocol.derived_since import SetsSince, differing_in
from riskset.protocol.earlier_runs import Changes, changes_since
from riskset.protocol.journal import Begun, Journal, RowMarks, has_told
from riskset.protocol.opened_curves import curves_to_keep, opened_curves
from riskset.protocol.opening import Opening, ToldSets
from riskset.protocol.roster import Roster
from riskset.protocol.sets_of_patients import told_in_runs
from riskset.protocol.told_before import columns_used, untold_columns
from riskset.protocol.told_outcomes import outcomes_to_keep, told_outcomes
from riskset.protocol.witnessing import witness_of
from riskset.secure.envelope import claimed_head

T = TypeVar("T")


@dataclass(frozen=True)
class Holding:
    """What a site contributes to a study. None of it leaves the site."""

    cohort: Cohort
    rows: RowMarks
    """Keyed marks of the patients, by which a change of the data is noticed."""


@dataclass(frozen=True)
class Remembered:
    """A site's earlier runs, beside the patients that it has now."""

    journal: Journal
    holding: Holding

    def begun(
        self,
        study: str,
        opening: Opening,
        analyses: Sequence[Analysis],
        secret: bytes,
        approval: Approval,
        roster: Roster,
    ) -> Begun:
        """Returns what is kept of a run of these analyses, so that later ones can be judged beside it."""
        rows, cohort = self.holding.rows, self.holding.cohort
        return Begun(
            study,
            opening.participants,
            rows,
            secret,
            approval.sha256,
            witness_of(roster.coordinator, self.journal.seen()).seen,
            roster.keys_of(opening.participants),
            curves_to_keep(rows, cohort, analyses),
            columns_used(rows, analyses),
            tuple(sorted(cohort.analysis_sets)) if rows.marks else (),
            outcomes_to_keep(rows, cohort, analyses),
            derived_sets(rows, analyses),
        )

    def changes(self, run: str, opening: Opening) -> Mapping[str, Changes]:
        """Returns how many of the site's patients changed since each earlier run that the opening names; nobody since
        one in which the site did not contribute."""
        known = self.others(run)
        return {one: self._changes(known[one]) if one in known else Changes(0) for one in opening.earlier}

    def changes_since_all(self, run: str) -> Mapping[str, Changes]:
        """Returns the same since every other run to which the site has contributed."""
        return {one: self._changes(begun) for one, begun in self.others(run).items()}

    def _changes(self, begun: Begun) -> Changes:
        return changes_since(begun, self.holding.rows, self.holding.cohort)

    def own(
        self, run: str, changes: Mapping[str, Changes], stated: Mapping[str, ToldSets], *, is_told_alone: bool
    ) -> Own:
        """Returns what the site computes from in a run. `stated` is what it said of the sets of earlier runs when it
        opened it; `is_told_alone` whether the study asks for estimates of hospitals alone."""
        told = [(earlier, at) for earlier, of in stated.items() for at in of.told]
        compared = told + [(earlier, at) for earlier, of in stated.items() for at in of.pending]
        rows, cohort = self.holding.rows, self.holding.cohort
        return Own(
            cohort,
            {earlier: of.rows for earlier, of in changes.items()},
            {earlier: of.entered for earlier, of in changes.items()},
            {earlier: of.alike for earlier, of in changes.items()},
            {earlier: of.altered for earlier, of in changes.items()},
            untold=lambda live: untold_columns(self.others(run), self.journal.told, rows, live),
            opened=lambda: opened_curves(self.others(run), self.journal.answered, rows, cohort),
            outcomes=lambda: told_outcomes(self.others(run), self.journal.sent_in, rows, cohort),
            apart_since=_once(lambda now: self._since(compared).apart(now)),
            weighed_since=_once(lambda now: self._since(compared).weighed(now)),
            not_compared=lambda: not_compared(self.journal.populations(run)),
            told=frozenset(told),
            tables=frozenset((earlier, at) for earlier, of in stated.items() for at in of.tables),
            has_told=is_told_alone and has_told(self.journal.sent_besides(run)),
        )

    def others(self, run: str) -> dict[str, Begun]:
        """Returns the runs to which this site has contributed, but for this one."""
        return {id_: begun for id_, begun in runs_of(self.journal).items() if id_ != run}

    def keep(
        self, run: str, stated: Collection[str], population: str, cohort: Cohort, analyses: Sequence[Analysis]
    ) -> None:
        """Keeps what later runs need of a derived population that the cohort has, as `analyses` use it; and which of
        its sets are not compared with all that runs told which are not among those `stated` when this one opened."""
        self.journal.keep_population(
            run,
            population,
            lambda: population_to_keep(
                population, self.holding.rows, cohort, analyses, self._not_compared(run, stated, cohort)
            ),
        )

    def of_other_studies(self, runs: Iterable[str], study: str) -> list[str]:
        """Returns those of other studies, and of other versions. Two of one version that are opened at once tell of
        the same sets."""
        return [run for run in runs if self._study_of(run) != study]

    def _study_of(self, run: str) -> str:
        return claimed_head(self.journal.exchanges(run)[0].request).study

    def _since(self, compared: Sequence[ToldSet]) -> SetsSince:
        names = sorted(self.holding.cohort.analysis_sets)
        return SetsSince(compared, runs_of(self.journal), self.holding.rows, names)

    def _not_compared(self, run: str, stated: Collection[str], now: Cohort) -> frozenset[str]:
        """Returns the sets of derived populations that may differ from what a run told that this one did not state. One
        of the same version is known by its sets; what another one told was not counted over all hospitals."""
        derived = now.analysis_sets.keys() - self.holding.cohort.analysis_sets.keys()
        others = {one: begun for one, begun in self.others(run).items() if one not in stated}
        study = self._study_of(run)
        found: set[str] = set()
        for one, begun in others.items():
            told = told_in_runs(self.journal, [one])
            if self._study_of(one) != study:
                found |= derived if any(of.told or of.pending for of in told.values()) else set()
            else:
                found |= differing_in(begun, self.holding.rows, now, derived)
        return frozenset(found)


def _once(compute: Callable[[Cohort], T]) -> Callable[[Cohort], T]:
    """Returns the function that computes once for cohorts of the same sets: in a run these have the same members."""
    found: dict[tuple[str, ...], T] = {}

    def known(cohort: Cohort) -> T:
        sets = tuple(cohort.analysis_sets)
        if sets not in found:
            found[sets] = compute(cohort)
        return found[sets]

    return known
