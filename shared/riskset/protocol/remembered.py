"""What a site's journal says of its earlier runs, for the rules that judge a new one beside them. None of it leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from riskset.analyses.admission.step import Own
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.protocol.approval import Approval
from riskset.protocol.earlier_runs import Changes, apart_since, changes_since
from riskset.protocol.journal import Begun, Journal, RowMarks, has_told
from riskset.protocol.opened_curves import curves_to_keep, opened_curves
from riskset.protocol.opening import Opening, ToldSets
from riskset.protocol.roster import Roster
from riskset.protocol.told_before import columns_used, untold_columns
from riskset.protocol.told_outcomes import outcomes_to_keep, told_outcomes
from riskset.protocol.witnessing import witness_of
from riskset.secure.envelope import claimed_head


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
        )

    def changes(self, run: str, opening: Opening) -> Mapping[str, Changes]:
        """Returns how many of the site's patients changed since each earlier run that the opening names; nobody since
        one in which the site did not contribute."""
        known = self.others(run)
        return {one: self._since(known[one]) if one in known else Changes(0) for one in opening.earlier}

    def changes_since_all(self, run: str) -> Mapping[str, Changes]:
        """Returns the same since every other run to which the site has contributed."""
        return {one: self._since(begun) for one, begun in self.others(run).items()}

    def _since(self, begun: Begun) -> Changes:
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
            apart_since=cache(lambda: apart_since(compared, self._states(), rows, sorted(cohort.analysis_sets))),
            told=frozenset(told),
            tables=frozenset((earlier, at) for earlier, of in stated.items() for at in of.tables),
            has_told=is_told_alone and has_told(self.journal.sent_besides(run)),
        )

    def others(self, run: str) -> dict[str, Begun]:
        """Returns the runs to which this site has contributed, but for this one."""
        return {id_: begun for id_, begun in self.journal.contributed().items() if id_ != run}

    def of_other_studies(self, runs: Iterable[str], study: str) -> list[str]:
        """Returns those of other studies, and of other versions. Two of one version that are opened at once tell of
        the same sets."""
        return [run for run in runs if claimed_head(self.journal.exchanges(run)[0].request).study != study]

    def _states(self) -> dict[str, RowMarks]:
        """Returns the patients of each run to which this site has contributed."""
        return {run: begun.rows for run, begun in self.journal.contributed().items()}
