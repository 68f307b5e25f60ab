"""The smallest set of changes and exceptions, among those that are tried, with which every analysis of a study passes.

Sets are tried in order of their size, each on the rows, by the rules of a run. A set of n + 1 changes is one of the
`BREADTH` best sets of n changes (fewest refusals, then fewest exceptions, then what costs the study least) with a
change that concerns the first refusal left, or the first one by other limits. The first size at which a set passes is
the smallest that was found; what it does not need is taken out, and its exceptions are as strict as passes. The same
study and rows give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil
from typing import Final

from riskset.analyses.cohort import Cohort
from riskset.catalogue import NOTHING
from riskset.disclosure.policy import Policy, default_policy
from riskset.disclosure.rules import LIMITS, RuleColumn
from riskset.errors import DataError, Refused
from riskset.protocol.approval import ExceptionSigned
from riskset.protocol.rule_column import column_for
from riskset.rehearsal import EverySiteConsents
from riskset.rules_alone import NotPassed, not_passed
from riskset.study.load import canonical_json, study_from_json, study_hash
from riskset.study.spec import Study
from riskset_server.run.suggest.candidates import candidates
from riskset_server.run.suggest.changes import Change, Loosen, Merge

BREADTH: Final = 2
MOST_CHANGES: Final = 12
MOST_TRIED: Final = 200
PATIENCE: Final = 3
"""After so many sizes at which no set leaves fewer refusals, the search ends."""
_COUNTED: Final = ("patients", "events", "sites", "populations")
"""Units of which there are whole ones only."""

Load = Callable[[Study], Mapping[str, Cohort]]
"""Returns the cohorts of the sites that take part, read for this study."""
Progress = Callable[[int, int, int], None]
"""Called after each size of sets: the size, how many sets were tried so far, and how many analyses the best leaves."""


@dataclass(frozen=True)
class Tried:
    """A study with changes, and what does not pass in it."""

    changes: tuple[Change, ...]
    study: Study
    cohorts: Mapping[str, Cohort]
    exceptions: tuple[ExceptionSigned, ...]
    left: tuple[NotPassed, ...]

    @property
    def cost(self) -> tuple[int, ...]:
        """What orders sets of one size: how many analyses they leave, then the costliest change."""
        return len(self.left), *sorted((change.rank for change in self.changes), reverse=True)


@dataclass
class Rehearsals:
    """Tries sets of changes on the rows of the sites."""

    study: Study
    load: Load
    exceptions: tuple[ExceptionSigned, ...]
    """Those that were given."""
    limits: Mapping[str, Mapping[str, str]]
    """The sites' own stricter limits."""
    n_tried: int = 0
    replaceable: set[str] = field(default_factory=set)
    """The limits for which something else than an exception was tried."""
    _cohorts: dict[str, Mapping[str, Cohort]] = field(default_factory=dict)

    def tried(self, changes: Sequence[Change]) -> Tried | None:
        """Returns the study with these changes; None where it is none, or a site would not take part."""
        try:
            study, cohorts = self._made(changes)
        except DataError:
            return None
        loose = {change.limit: change.value for change in changes if isinstance(change, Loosen)}
        given = [one for one in self.exceptions if one.limit not in loose]
        exceptions = (*given, *(ExceptionSigned(limit, value, "rehearsal") for limit, value in loose.items()))
        self.n_tried += 1
        try:
            left = not_passed(study, cohorts, self._policies(study, cohorts, exceptions))
        except Refused:
            return None
        return Tried(tuple(changes), study, cohorts, exceptions, tuple(left))

    def column(self, cohorts: Mapping[str, Cohort]) -> RuleColumn:
        return column_for(self.study.disclosure, len(cohorts))

    def _policies(
        self, study: Study, cohorts: Mapping[str, Cohort], exceptions: tuple[ExceptionSigned, ...]
    ) -> dict[str, Policy]:
        consents = {name: EverySiteConsents(name, (), exceptions, self.limits.get(name, {})) for name in cohorts}
        column, k = self.column(cohorts), study.disclosure.min_cell
        return {name: one.approval("", "", "", {}).limits(column, k) for name, one in consents.items()}

    def _made(self, changes: Sequence[Change]) -> tuple[Study, Mapping[str, Cohort]]:
        """Raises DataError where the changes make no study."""
        study = self.study
        for change in changes:
            if not isinstance(change, Merge):
                study = _changed(study, change)
        cohorts = self._loaded(study)
        for change in changes:
            if isinstance(change, Merge):
                before, study = study, _changed(study, change)
                cohorts = {name: change.of(cohort, before) for name, cohort in cohorts.items()}
        return study, cohorts

    def _loaded(self, study: Study) -> Mapping[str, Cohort]:
        key = study_hash(study)
        if key not in self._cohorts:
            self._cohorts[key] = self.load(study)
        return self._cohorts[key]


def _changed(study: Study, change: Change) -> Study:
    changed = change.on(study)
    if changed is None:
        raise DataError(NOTHING)
    return study_from_json(canonical_json(changed))


@dataclass(frozen=True)
class Suggestion:
    """The smallest set that was found with which every analysis passes; else the one that leaves the fewest."""

    best: Tried
    others: tuple[Tried, ...] = ()
    """Sets of the same size with which every analysis passes too, in the order of their cost."""


def suggested(rehearsals: Rehearsals, progress: Progress, *, with_exceptions: bool = True) -> Suggestion | None:
    """Returns the suggestion; None where some site takes no part in the study as it is.

    Without exceptions, one is tried only where nothing else can help.
    """
    first = rehearsals.tried(())
    if first is None or not first.left:
        return None if first is None else Suggestion(first)
    most = rehearsals.n_tried + MOST_TRIED
    best, improved, kept, found, seen = first, 0, [first], list[Tried](), set[frozenset[Change]]()
    for size in range(1, MOST_CHANGES + 1):
        found = []
        for changes in _larger(rehearsals, kept, with_exceptions=with_exceptions):
            if frozenset(changes) not in seen and rehearsals.n_tried < most:
                seen.add(frozenset(changes))
                found += [one] if (one := rehearsals.tried(changes)) else []
        found.sort(key=lambda one: one.cost)
        kept = found[:BREADTH]
        if not kept:
            break
        if len(kept[0].left) < len(best.left):
            best, improved = kept[0], size
        progress(size, rehearsals.n_tried, len(best.left))
        if not best.left or size - improved >= PATIENCE:
            break
    others = tuple(one for one in found[1:] if not one.left) if not best.left else ()
    return Suggestion(_strictest(rehearsals, _needed(rehearsals, best)), others)


def _larger(rehearsals: Rehearsals, kept: Sequence[Tried], *, with_exceptions: bool) -> Iterator[tuple[Change, ...]]:
    """Yields each set with one change more."""
    for one in kept:
        by_limits: dict[tuple[str, ...], NotPassed] = {}
        for refusal in one.left:
            by_limits.setdefault(refusal.limits, refusal)
        n_groups = 0
        for refusal in by_limits.values():
            every = candidates(one.study, refusal, one.cohorts, rehearsals.column(one.cohorts))
            more = [change for change in every if not _is_loosened(change, one)]
            others = [change for change in more if not isinstance(change, Loosen)]
            rehearsals.replaceable |= {change.limit for change in more if isinstance(change, Loosen) and others}
            chosen = more if with_exceptions or not others else others
            yield from ((*one.changes, change) for change in chosen)
            n_groups += bool(chosen)
            if n_groups == BREADTH:
                break


def _is_loosened(change: Change, tried: Tried) -> bool:
    return isinstance(change, Loosen) and any(
        isinstance(other, Loosen) and other.limit == change.limit for other in tried.changes
    )


def _needed(rehearsals: Rehearsals, tried: Tried) -> Tried:
    """Returns the set without what it does not need; what costs most is left out first."""
    for change in sorted(tried.changes, key=lambda change: -change.rank):
        without = rehearsals.tried([other for other in tried.changes if other != change])
        if without is not None and len(without.left) <= len(tried.left):
            tried = without
    return tried


def _strictest(rehearsals: Rehearsals, tried: Tried) -> Tried:
    """Returns the set with each exception as strict as passes, at the values that a person would sign."""
    for at, change in enumerate(tried.changes):
        if isinstance(change, Loosen):
            tried = _stricter(rehearsals, tried, at, change)
    return tried


def _stricter(rehearsals: Rehearsals, tried: Tried, at: int, change: Loosen) -> Tried:
    values = _values(change, rehearsals.column(tried.cohorts), tried.study.disclosure.min_cell)
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        stricter = Loosen(change.limit, values[middle])
        again = rehearsals.tried((*tried.changes[:at], stricter, *tried.changes[at + 1 :]))
        if again is not None and len(again.left) <= len(tried.left):
            tried, high = again, middle
        else:
            low = middle + 1
    return tried


def _values(of: Loosen, column: RuleColumn, k: int) -> list[str]:
    """Returns what can be signed, from the strictest to the floor: whole numbers, or hundredths."""
    limit, bound, floor = LIMITS[of.limit], default_policy(column, k).values[of.limit], Fraction(of.value)
    unit = Fraction(1) if limit.unit in _COUNTED else Fraction(1, 100)
    steps = range(1, ceil(abs(floor - bound) / unit))
    return [str(bound + (unit if floor > bound else -unit) * step) for step in steps] + [of.value]
