"""What every round of admission is: a sum over hospitals, for all live analyses at once, of what each has.

A number is `silent` at a hospital that refuses every analysis it belongs to: the hospital sends noise in its place.

How many hospitals contribute to a count is not a number under the secure sum, in which one hospital could send a 2 and
count for two. Each states in clear whether it contributes (docs/decisions/0022-contributors.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.admission.altered import Item
from riskset.analyses.admission.figures import Count, Figures, ToldSet
from riskset.analyses.admission.told_outcome import ToldOutcome
from riskset.analyses.admission.weighed_cells import Cell, InCell
from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import Cohort
from riskset.analyses.weights import Weights
from riskset.catalogue import Message
from riskset.disclosure.curves import Curve
from riskset.disclosure.exposure import Label

Live = Sequence[Analysis]
"""The analyses judged together: those admitted before, then those in admission, in `Plan.judging_order`."""


@dataclass(frozen=True)
class Own:
    """What a hospital computes from. Never leaves."""

    cohort: Cohort
    changes: Mapping[str, int]
    """By earlier run: this hospital's patients entered, left or altered since."""
    entered: Mapping[str, int] = field(default_factory=dict)
    """By earlier run: those of them who entered or left, of all patients or of a set of them."""
    alike: Mapping[str, int] = field(default_factory=dict)
    """By earlier run: its patients who differ in a field that has other columns than in that run, though it is the same
    for nearly all. Not counted with the others, whom a study could hide by declaring a field that is nearly another."""
    altered: Mapping[str, Mapping[Item, int]] = field(default_factory=dict)
    """By earlier run: its patients who were altered since, by what is altered of them."""
    untold: Callable[[Sequence[Analysis]], Mapping[str, Mapping[str, int]]] = lambda _: {}
    """Returns by earlier run, and by id of each of these analyses with a column which that run did not tell: the fewest
    patients by which it differs from one that the run told (`protocol.told_before`)."""
    opened: Callable[[], Sequence[Curve]] = tuple
    """Returns the curves that it answered in other runs, of any study, over the patients of the cohort. They are read
    from the journal only where they are judged."""
    outcomes: Callable[[], Sequence[ToldOutcome]] = tuple
    """Returns the outcomes that it told in other runs, of any study, over the patients of the cohort."""
    apart_since: Callable[[Cohort], Mapping[ToldSet, Mapping[str, int]]] = lambda _: {}
    """Returns, by set of an earlier run, and by analysis set of the cohort: its patients in only one of the two, or
    with another weight."""
    weighed_since: Callable[[Cohort], Mapping[ToldSet, Mapping[str, Weights]]] = lambda _: {}
    """Returns by how much its patients count otherwise, where both sets have the weights of derived populations."""
    not_compared: Callable[[], frozenset[str]] = frozenset
    """Returns the sets of derived populations that were not compared, when they became known, with all that runs had
    told which it answered since this one was opened."""
    told: frozenset[ToldSet] = frozenset()
    """Of which sets of earlier runs it told more than how many patients they have."""
    tables: frozenset[ToldSet] = frozenset()
    """Of which of them it told no more than tables by arm."""
    tells: Callable[[Analysis], bool] = lambda _: False
    """Whether it tells its own estimate of an analysis: it signed for that, and its own rows pass the rules."""
    units: Mapping[str, float] = field(default_factory=dict)
    """By weighted set: about the mean weight over all hospitals, in which sums of its columns are rounded."""
    in_cells: Mapping[Cell, InCell] = field(default_factory=dict)
    """Of tables of weights: of each cell over all hospitals."""
    has_told: bool = False
    """Whether it told an estimate of its own in another run."""


class Step(Protocol):
    """One round of admission."""

    @property
    def id(self) -> str: ...

    @property
    def reveals(self) -> Message:
        """One sentence for a committee: what the round tells anyone who sees its total."""

    def labels(self, live: Live) -> tuple[Label, ...]:
        """Returns what each number is, (size,)."""

    def local(self, own: Own, live: Live) -> NDArray[np.float64]:
        """Returns the hospital's numbers, (size,)."""

    def silent(self, live: Live, refused: frozenset[str]) -> NDArray[np.bool_]:
        """Returns which numbers belong to refused analyses only, (size,)."""

    def stated(self, live: Live) -> tuple[int, ...]:
        """Returns the indices, ascending, of the counts to which each hospital states whether it contributes."""

    def contributes(self, own: Own, live: Live) -> tuple[bool, ...]:
        """Returns what the hospital states, one for each of `stated`; the same whatever it refuses."""

    def combine(
        self, total: Sequence[float], sites: Sequence[int], live: Live, dead: frozenset[str], known: Figures
    ) -> Figures:
        """Returns the figures with those of this round added, from the sum of all hospitals' numbers, and from how many
        hospitals contribute to each of `stated`.

        `dead` are the ids of live analyses that a hospital refused in this round: numbers that belong only to them are
        noise.
        """


def rows_and_sites(total: Sequence[float], sites: Sequence[int]) -> list[Count]:
    """Returns rows and sites; noise becomes an arbitrary number that is never used."""
    return [Count(round(rows), n) for rows, n in zip(total, sites, strict=True)]
