"""Table 1 of a weighted population: weighted percent of each level, weighted mean and standard deviation of each
number, and standardised differences of these. Each variable is a part, judged by itself.

There are no counts, tests or quartiles: a weighted population has no number of patients, a test would need the variance
of the score, and quartiles would need sums of few weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, ClassVar

from riskset.analyses.analysis import Analysis, NotEstimable, Result, reason_of
from riskset.analyses.cohort import SetId
from riskset.analyses.methods.described import Described, described
from riskset.analyses.methods.propensity_fit import set_of_score
from riskset.analyses.methods.table1_parts import YANG_DALTON
from riskset.analyses.methods.weighted_tables import Weighted, WeightedNumber, WeightsByArm, WeightsOfLevels, table_of
from riskset.analyses.patients_by_arm import Arms
from riskset.catalogue import say
from riskset.stats.arrays import finite
from riskset.stats.two_means import Group, standardised, yang_dalton
from riskset.study.asked.table1 import Table1Entry
from riskset.study.spec import Study

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Table1OfWeighted(WeightsByArm):
    """As how many patients each arm counts, in whose result the variables are printed."""

    kind: ClassVar[str] = "table1"

    described: tuple[Described, ...]

    @property
    def printed(self) -> Arms:
        """The columns of the table."""
        return self.arms

    @property
    def tests(self) -> bool:
        """Whether the arms are compared by tests."""
        return False

    def question_json(self) -> Json:
        by = {**self.arms.question_json(), "arms": list(self.arms.with_all)}
        no_tests = NotEstimable("weighted", say("analyses.table1.no_weighted_tests"))
        return by | {"weighted": True, "tests_reason": reason_of(no_tests)}

    def result_json(self, result: Weighted) -> Json:
        sizes = zip(self.arms.with_all, (of.n for of in result.with_all), strict=True)
        return {"n": [{"level": name, "effective_n": n} for name, n in sizes]}

    def parts_json(self, result: Result, parts: Sequence[tuple[Analysis, Result]]) -> Json:
        found = {part.variable: (part, of) for part, of in parts if isinstance(part, WeightsOfLevels | WeightedNumber)}
        return {"variables": [self._variable_json(one, *found[one.variable]) for one in self.described]}

    def _variable_json(self, one: Described, part: WeightsOfLevels | WeightedNumber, end: Result) -> Json:
        if not isinstance(end, Weighted):
            arms = [{"level": name, "effective_n": None} for name in self.arms.with_all]
            return {**one.to_json(), "arms": arms, "reason": reason_of(end)}
        is_number = isinstance(part, WeightedNumber)
        of_arms = _numbers(end) if is_number else _levels(end)
        rows = zip(self.arms.with_all, end.with_all, of_arms, strict=True)
        return {
            **one.to_json(),
            "arms": [{"level": name, "effective_n": of.n, **told} for name, of, told in rows],
            "smd": list(self._smd_json(end, is_number=is_number)),
            "tests": {},
        }

    def _smd_json(self, end: Weighted, *, is_number: bool) -> Iterator[Json]:
        reference = self.arms.at_reference
        for i, level in enumerate(self.arms.levels):
            if i != reference:
                for definition, value in _differences(end, i, reference, is_number=is_number).items():
                    against = {"arm": level, "against": self.arms.reference, "definition": definition}
                    none = reason_of(NotEstimable("no spread", say("analyses.table1.no_difference")))
                    yield {**against, "value": value, **({"reason": none} if value is None else {})}


@dataclass(frozen=True, kw_only=True)
class LevelsOfTable(WeightsOfLevels):
    """A part: the weights of each level in each arm."""

    kind: ClassVar[str] = "table1"


@dataclass(frozen=True, kw_only=True)
class NumberOfTable(WeightedNumber):
    """A part: a number's weighted sums in each arm."""

    kind: ClassVar[str] = "table1"


def of_weighted(study: Study, name: str, entry: Table1Entry, population: str) -> Iterator[Analysis]:
    """Yields, for a weighted population, the weights of each arm and then a part for each variable, all of the patients
    with every covariate of the score: of weights the tables of one set are told."""
    assert study.propensity is not None
    arms, whole = Arms.of(study), f"table1/{population}"
    common: Json = {
        "name": name,
        "arms": arms,
        "weighted_as": study.weighted_as(population),
        "set_id": SetId(None, population, set_of_score(study).complete_in),
        "is_one_way": not any(study.variables[of].is_derived for of in study.propensity.covariates),
    }
    yield Table1OfWeighted(
        **common,
        id=whole,
        described=tuple(described(study, variable) for variable in entry.variables),
    )
    for variable in entry.variables:
        of: Json = common | {"id": f"{whole}/{variable}", "part_of": whole, "variable": variable}
        yield table_of(study, LevelsOfTable, NumberOfTable, **of)


def _levels(end: Weighted) -> list[Json]:
    """Returns the weighted percent of each level, of each arm and of all."""
    return [
        {"levels": [{"level": name, "percent": 100 * float(p)} for name, p in zip(end.levels, of.mean, strict=True)]}
        for of in end.with_all
    ]


def _numbers(end: Weighted) -> list[Json]:
    quartiles = dict.fromkeys(("p25", "p50", "p75", "width"))
    why = {"reason": reason_of(NotEstimable("weighted", say("analyses.table1.no_weighted_quartiles")))}
    return [{**_group_json(of), "quartiles": quartiles | why} for of in end.groups_with_all(None)]


def _group_json(of: Group) -> Json:
    return {"mean": finite(of.mean), "sd": sqrt(of.variance) if of.variance >= 0.0 else None}


def _differences(end: Weighted, arm: int, reference: int, *, is_number: bool) -> Mapping[str, float | None]:
    if is_number:
        groups = end.groups(None)
        return standardised(groups[arm], groups[reference])
    return {YANG_DALTON: yang_dalton(end.by_arm[arm].first.tolist(), end.by_arm[reference].first.tolist())}
