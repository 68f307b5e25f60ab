"""What a study reports of the balance of a population: standardised differences before and after adjustment, and what
it demands of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result, reason_of
from riskset.analyses.methods.cox_fit import named
from riskset.analyses.methods.demand import Demand
from riskset.analyses.methods.table1_parts import Counts, Sums
from riskset.analyses.methods.weighted_tables import Weighted
from riskset.analyses.patients_by_arm import Arms
from riskset.catalogue import Message, say
from riskset.stats.balance import Balance, of_groups
from riskset.stats.two_means import POOLED, Group, of_share

Json = dict[str, Any]
Pair = tuple[Group, Group]


@dataclass(frozen=True)
class Covariate:
    """A covariate of the score, and the ids of its tables."""

    variable: str
    levels: tuple[str, ...]
    """Those that are compared: of a boolean, the second; none of a number."""
    before: str
    after: str


@dataclass(frozen=True)
class Row:
    """A number, or a level."""

    variable: str
    level: str | None
    before: Balance
    after: Balance | None
    """None where a rule refused what is told after adjustment."""
    patients: tuple[Pair, Pair | None]
    """Who was compared before and after adjustment. None after it where nothing is told, or where patients are
    weighted. Not in results.json, but of a level it follows from what is."""


@dataclass(frozen=True)
class Balanced(Result):
    treated: int
    """Patients of the arm; in a weighted population, as how many they count."""
    control: int
    unmatched: int | None
    """Patients with a score who are not matched; None in a weighted population."""
    rows: tuple[Row, ...]
    without: Mapping[str, Result]
    """By covariate: why nothing is known of it."""
    demand: Demand | None = None
    """Of the largest standardised difference."""

    def sizes_json(self) -> Json:
        if self.unmatched is None:
            return {"effective": {"treated": self.treated, "control": self.control}}
        return {"matched": {"treated": self.treated, "control": self.control, "unmatched": self.unmatched}}

    @property
    def passes(self) -> bool | None:
        """Whether the differences are as small as the study demands; what is not known is not. None where it demands
        nothing."""
        return None if self.demand is None else self.demand.is_met(self.largest)

    @property
    def withholds(self) -> Message | None:
        return None if self.demand is None else self.demand.reason(self.largest)

    @property
    def largest(self) -> float | None:
        """Returns the largest standardised difference after matching, of what patients differ in; None where nothing is
        known of a covariate."""
        found = (row.after.differences[POOLED] for row in self.rows if row.after is not None)
        known = [abs(value) for value in found if value is not None]
        return max(known) if known and not self.without else None


@dataclass(frozen=True, kw_only=True)
class Reported:
    """What a study reports of the balance of a population, from the ends of its tables."""

    arms: Arms
    covariates: tuple[Covariate, ...]
    demand: Demand | None = None
    """Of the largest standardised difference."""

    @property
    def reports(self) -> tuple[str, ...]:
        return tuple(id_ for one in self.covariates for id_ in (one.before, one.after))

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.balance")

    def without_arms(self, refusal: RefusedByRule) -> None:
        """Nothing is left to compare."""
        return

    def balanced(self, sizes: Sequence[int], unmatched: int | None, state: Mapping[str, Any]) -> Balanced:
        """Returns the balance, where the arms have so many patients, or count as so many."""
        at, rows, without = self.arms.at_reference, list[Row](), dict[str, Result]()
        for one in self.covariates:
            before, after = state[one.before], state[one.after]
            if not isinstance(before, Counts | Sums):
                without[one.variable] = before
            elif not isinstance(after, Counts | Sums | Weighted):
                without[one.variable] = after
                rows += self._rows(one, before, None)
            else:
                rows += self._rows(one, before, after)
        return Balanced(sizes[1 - at], sizes[at], unmatched, tuple(rows), without, self.demand)

    def _rows(self, one: Covariate, before: Counts | Sums, after: Counts | Sums | Weighted | None) -> Iterator[Row]:
        for level in one.levels or (None,):
            then = self._groups(before, level)
            now = None if after is None else self._groups(after, level)
            adjusted = None if now is None else of_groups(then, now)
            patients = then, None if isinstance(after, Weighted) else now
            yield Row(one.variable, level, of_groups(then, then), adjusted, patients)

    def _groups(self, of: Counts | Sums | Weighted, level: str | None) -> Pair:
        """Returns the patients of the arm, and of the reference."""
        at = self.arms.at_reference
        if isinstance(of, Sums):
            return of.by_arm[1 - at], of.by_arm[at]
        if isinstance(of, Weighted):
            treated, others = of.groups(level)[1 - at], of.groups(level)[at]
            return treated, others
        i = of.levels.index(str(level))
        shares = [of_share(counts[i], sum(counts)) for counts in of.by_arm]
        return shares[1 - at], shares[at]

    def question_json(self) -> Json:
        (arm,) = self.arms.exposed
        return {"arm": named(arm), "denominator": f"{POOLED} before adjustment"}

    def result_json(self, result: Any) -> Json:  # noqa: ANN401 - a balance
        found = {(row.variable, row.level): row for row in result.rows}
        return {
            **result.sizes_json(),
            "variables": [
                self._variable_json(one.variable, level, found.get((one.variable, level)), result)
                for one in self.covariates
                for level in one.levels or (None,)
            ],
            "largest_smd": result.largest,
            **({} if result.largest is not None else {"reason": reason_of(_not_all_known())}),
            "gates": [] if self.demand is None else [self.demand.to_json(result.largest)],
        }

    def _variable_json(self, variable: str, level: str | None, row: Row | None, result: Balanced) -> Json:
        head = {"variable": variable, "level": level}
        if row is None:
            return head | {"before": None, "after": None, "reason": reason_of(result.without[variable])}
        before = head | {"before": _side_json(row.before)}
        if row.after is None:
            return before | {"after": None, "reason": reason_of(result.without[variable])}
        return before | {"after": _side_json(row.after)}


def _side_json(one: Balance) -> Json:
    differences = [{"definition": name, "value": value} for name, value in one.differences.items()]
    reason = {"reason": reason_of(_no_spread())} if None in (*one.differences.values(), one.variance_ratio) else {}
    return {
        "smd": one.differences[POOLED],
        "by_denominator": differences,
        "variance_ratio": one.variance_ratio,
        **reason,
    }


def _no_spread() -> NotEstimable:
    return NotEstimable("no spread", say("analyses.balance.no_spread"))


def _not_all_known() -> NotEstimable:
    return NotEstimable("not all known", say("analyses.balance.not_all_known"))
