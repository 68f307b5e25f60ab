"""What an analysis discloses about patients, and what each of its numbers is.

The rules look at the exposure and never at the class of an analysis; a check by class would miss the next one. What no
rule of this version covers is refused by the nearest rule (`placement`), and a number whose label the exposure does not
cover never leaves the site (`coverage`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from riskset.stats.grid import Grid

EVENT: Final = "event"
CENSORED: Final = "censored"
ENTRY: Final = "entry"
OWN_SLOT: Final = "of this hospital alone"
"""The slot of a number that the hospital itself tells."""
COMPETING: Final = ("competing event", "second competing event")
STATUSES: Final = frozenset({EVENT, *COMPETING, CENSORED, ENTRY})
"""What R9 of this version permits to be counted by step of the time grid: at most three kinds of event. Counts of
several kinds are compared as the curves of which they are the differences (`analyses/leaving.py`)."""


Cluster = Literal["patient", "matched-set", "site"]
"""Whose figures are one where a sum of squares is of them."""


class FromFit(NamedTuple):
    """A fitted model of a yes-no outcome from which levels follow."""

    id: str
    """Of the model."""
    variable: str
    """The category whose levels they are."""
    numbers: int
    """Those that are told of the levels and are linear in how many patients have each combination of its covariates, as
    its own sums are."""


class HasVariables(Protocol):
    """A hospital's rows, as far as a column of a design needs them."""

    @property
    def variables(self) -> Mapping[str, NDArray[np.float64]]: ...


@dataclass(frozen=True)
class Column:
    """One column of a design: a number, or the indicator of a level against its reference."""

    variable: str
    level: str | None = None
    """None for a number."""
    reference: str | None = None
    code: int | None = None
    """Index of the level among the study's levels; None for a number."""
    middle: float = 0.0
    half_range: float = 1.0
    """The study's range of a number after its transform: (value - middle) / half_range lies in [-1, 1]."""
    terms: tuple[Column, ...] = ()
    """Of a number that a formula computes: the columns of its terms."""
    is_combined: bool = False
    """True where it is computed from several variables, or by a formula, and is not the sum of its terms."""
    merged: tuple[tuple[str, tuple[int, ...]], ...] = ()
    """Of an indicator of several levels, perhaps of several variables: each variable with the codes of its levels. A
    patient has it who has any of them. Empty where `code` says it."""
    is_derived: bool = False
    """Whether a study defines the variable, which can then be any property of a patient."""
    factors: tuple[Column, ...] = ()
    """Of a product: its two columns."""

    def __hash__(self) -> int:
        # columns are hashed often, and few share both; a dataclass derived from this one has to say so again
        return hash((self.variable, self.level))

    @property
    def name(self) -> str:
        return self.variable if self.level is None else f"{self.variable} = {self.level}"

    @property
    def made_of(self) -> tuple[str, ...]:
        """Returns what it is computed from: itself, or the variables whose levels it merges."""
        return tuple(variable for variable, _ in self.merged) or (self.name,)

    @property
    def is_number(self) -> bool:
        return self.code is None

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum of its terms, so that all sums of it follow from those of the terms."""
        return bool(self.terms) and not self.is_combined

    def is_within(self, other: Column) -> bool:
        """Whether every patient who has it has the other too, by the levels of which the two are made."""
        own, others = ({(of, code) for of, codes in one.merged for code in codes} for one in (self, other))
        return self != other and bool(own) and own <= others

    def values(self, rows: HasVariables) -> NDArray[np.float64]:
        """Returns the column for a hospital's rows, (n,), in its own unit."""
        if self.merged:
            having = [np.isin(rows.variables[variable], codes) for variable, codes in self.merged]
            return np.asarray(np.any(having, axis=0), np.float64)
        values = rows.variables[self.variable]
        return values if self.code is None else (values == self.code).astype(np.float64)


@dataclass(frozen=True)
class InTime:
    """Patients counted by step of the time grid."""

    clock: str
    """The endpoint whose days are counted."""
    split: tuple[Column, ...]
    """Levels of the variable that splits the patients, without the reference; empty where all are counted together."""
    status: frozenset[str]
    """What is counted in a step: `EVENT`, `COMPETING`, `CENSORED`, `ENTRY`."""
    grid: Grid | None
    """The steps; None where only totals over all times leave."""
    are_blocks: bool = False
    """True where no patient is counted, but weights are added up in blocks of steps, of which the label of a number
    names the last: R9 judges how many patients a block has, and R8 whose weights they are."""


@dataclass(frozen=True)
class Exposure:
    """What the sums of an analysis disclose. The questions without a default every analysis must answer."""

    design: tuple[Column, ...]
    """Columns whose sums of products leave, over all patients at once: R2 to R7."""
    tables: tuple[Column, ...]
    """Levels counted one way, or by arm: R4, R12; those of derived variables R2 too."""
    in_time: InTime | None
    """Counts by step of time: R9 and R11; for its split, R2, R4, R12."""
    weights: bool
    """True where patients' own weights enter the sums of a design, in place of one patient each: R8, and R4 for the
    weight and its products with the columns; R1, R3, R4 and R6 judge as how many patients these count."""
    is_iterative: bool
    """True where it is evaluated again at a point that follows from totals: R5, R7."""
    per_site: bool
    """True where some numbers are of a single site, which totals do not hide: R12; of tables, R4."""
    conditions: tuple[Column, ...] = ()
    """Levels that decide how a patient counts in the sums of a design, though no number is of them: R2, R4, R12."""
    patients: bool = False
    """True where the number of patients of its set is told: R1, R2."""
    numbers: tuple[Column, ...] = ()
    """Numbers whose sum and sum of squares leave, in all and by arm: R4, R12."""
    halved: tuple[Column, ...] = ()
    """Numbers whose range is halved, in all and by arm: R4, R12."""
    ranked: tuple[Column, ...] = ()
    """Numbers whose ranks within a hospital are summed by arm. The number of a single site follows from a sum of terms
    that sites weight, so these are numbers of a site: R4."""
    is_one_way: bool = False
    """True where nothing is told of its patients but tables, and they are those with a value of some columns of the
    export, those of them who are matched, or of a box of the flow chart: they are crossed with nothing (R2)."""
    squares: Cluster | None = None
    """Whose own figures leave as a sum of squares, of which one may be the most: R8. None where no such sum leaves."""
    within: Column | None = None
    """The level whose patients alone are in the sums of the design: R1 to R7 judge these patients, and what they are
    apart from the others. None where all patients of the set are."""
    ties: str | None = None
    """How events on one day are counted in the sums of the design: two ways differ in the patients of such events (R2).
    None where no sum is over times of events."""
    alone: bool = False
    """True where hospitals that signed for it tell, in clear, their own estimates from the design: R13 for those that
    do not, the local column for those that do."""
    without: bool = False
    """True where totals without each such hospital are opened too: R5 of the local column."""
    outcome: Column | None = None
    """Of a model without an endpoint: the yes-no column of the design that it predicts. R3 counts the rarer answer in
    place of events, R12 the hospitals whose patients differ in it too."""
    weighted_as: str | None = None
    """Where weights enter: what they follow from. Sums over two sets that have the same can be subtracted: R2."""
    predictors: int = 0
    """Of a model without an endpoint: how many coefficients it has, a common intercept included. Its sums are linear in
    how many patients have each combination of the covariates: R5 counts them for each patient."""
    combinations: int = 0
    """Of such a model: how many combinations of values its covariates can have, as the study declares them: R6."""
    own_intercepts: bool = False
    """Of such a model: whether each hospital has an intercept of its own, which it keeps, so that the same combination
    counts otherwise at each: R6."""
    from_fit: FromFit | None = None
    """Of levels of tables or strata that follow from a fitted model: R5 counts what is told of them with what the model
    sent."""
    events_of: tuple[Column, ...] = ()
    """Levels of the design of which the patients with an event are counted, over all times: R4."""
    weighed: tuple[Column, ...] = ()
    """Levels and numbers of which the weights of patients are added up, by the arms in `tables`, one way: R8, R12."""
    slopes: bool = False
    """True where each point takes two rounds, the second with a further number for each column of the design, which is
    a sum of their products too: R5 counts both."""

    @property
    def weights_follow(self) -> bool:
        """Whether weights enter that follow from a score, and not from a variable of the export."""
        return self.weights and not (self.weighted_as or "").startswith("variable ")

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Returns every column once: those whose levels R2, R4 and R12 judge."""
        numbers = (*self.numbers, *self.halved, *self.ranked, *self.weighed)
        within = () if self.within is None else (self.within,)
        return tuple(dict.fromkeys((*self.design, *self.tables, *numbers, *self.split, *self.conditions, *within)))

    @cached_property
    def in_design(self) -> frozenset[Column]:
        """Returns the columns of the design, to look one up."""
        return frozenset(self.design)

    @cached_property
    def summed(self) -> tuple[Column, ...]:
        """Returns the columns whose sums leave, and that R4 judges together: those of designs, of a sum its terms, then
        the numbers of tables."""
        return tuple(dict.fromkeys((*self.judged_design, *self.numbers, *self.ranked)))

    @property
    def split(self) -> tuple[Column, ...]:
        """Returns the columns by which patients are counted in time."""
        return self.in_time.split if self.in_time else ()

    @cached_property
    def judged(self) -> tuple[Column, ...]:
        """Returns every column once, and the terms of those that a formula computes."""
        return tuple(dict.fromkeys(one for column in self.columns for one in (column, *column.terms)))

    @cached_property
    def judged_design(self) -> tuple[Column, ...]:
        """Returns the columns of the design that R4 judges: of a sum its terms, in its place; and the level whose
        patients alone are in it."""
        within = () if self.within is None else (self.within,)
        of = ((() if column.is_sum else (column,)) + column.terms for column in (*self.design, *within))
        return tuple(dict.fromkeys(one for columns in of for one in columns))

    @cached_property
    def sums(self) -> tuple[Column, ...]:
        """Returns the columns of the design that are sums of terms."""
        return tuple(column for column in self.design if column.is_sum)

    @cached_property
    def held(self) -> int:
        """Returns how many values of each patient the design is computed from."""
        return len({name for column in self.design for name in column.made_of})

    @property
    def weighs_tables(self) -> bool:
        """Whether its tables are of weights, not of patients."""
        return self.weights and self.is_one_way

    @property
    def rounds_of_a_point(self) -> int:
        return 2 if self.slopes else 1

    def is_of_another_point(self, labels: Sequence[Label], before: Sequence[Label]) -> bool:
        """Whether a round is of another point than the round `before`. It is of the same one if it sends fewer numbers:
        of columns of the design, one each."""
        of = [label.columns for label in labels]
        are_slopes = all(len(columns) == 1 and columns[0] in self.design for columns in of)
        return not (self.slopes and are_slopes and len(set(of)) == len(of) < len(before))

    @cached_property
    def opens_nothing(self) -> bool:
        return (
            not (self.design or self.tables or self.numbers or self.halved or self.ranked or self.patients)
            and self.in_time is None
        )


def of_admission(exposures: Iterable[Exposure], products: Iterable[Column] = ()) -> Exposure:
    """Returns what the rounds of admission disclose for analyses with these exposures: counts of patients, and joint
    sums of the columns of all of them, and of the `products` with which interactions are judged."""
    judged = (column for exposure in exposures for column in exposure.judged)
    columns = tuple(dict.fromkeys((*judged, *products)))
    patients = InTime(clock="", split=(), status=frozenset(), grid=None)
    return Exposure(design=columns, tables=(), in_time=patients, weights=False, is_iterative=False, per_site=False)


@dataclass(frozen=True)
class Label:
    """What one number of a summary is."""

    text: str
    """As the hospital's ledger shows it."""
    columns: tuple[Column, ...]
    """The columns that are counted, summed or multiplied; empty for a total over all rows."""
    step: int | None
    """Step of the time grid in which it counts; None for a total over all times."""
    status: str | None
    """What is counted by time; None where time enters only through risk sets."""
    slot: str | None
    """The site, for a number of a single site; None for what is added over sites."""


def total(text: str, *columns: Column) -> Label:
    """Returns the label of a number over all rows and times: a count, a sum, or a sum of products of the columns."""
    return Label(text, columns, step=None, status=None, slot=None)


def alone(text: str, *columns: Column) -> Label:
    """Returns the label of a number that a hospital tells of its own rows alone."""
    return Label(text, columns, step=None, status=None, slot=OWN_SLOT)


def counted(text: str, status: str, step: int | None, *columns: Column) -> Label:
    """Returns the label of a count in one step of time, or of a total over all steps."""
    return Label(text, columns, step=step, status=status, slot=None)
