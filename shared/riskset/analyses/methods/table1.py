"""Table 1: the patients at baseline. What it says of a variable are parts, each judged by itself (decision 34)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import ALL, SetId
from riskset.analyses.design import columns_of, level_columns
from riskset.analyses.methods.table1_parts import Counts, CountsOfLevels, OfVariable, Sums, SumsOfNumber
from riskset.analyses.methods.table1_quartiles import Quartiles, QuartilesOfNumber
from riskset.analyses.methods.table1_ranks import RANK_TESTS, RanksOfNumber, RankTests
from riskset.analyses.number_scale import NumberScale
from riskset.analyses.patients_by_arm import Arms, Patients, PatientsByArm
from riskset.catalogue import say
from riskset.study.asked.table1 import Table1Entry
from riskset.study.spec import NumberVariable, Study

Json = dict[str, Any]

_FEWEST: Final = 10
"""Patients of an interval that may be halved, if twice `min_cell` is fewer: as rule R4 has it."""


@dataclass(frozen=True)
class Described:
    """A variable as the table names it."""

    variable: str
    type: str
    unit: str
    scale: str | None
    """The transform of a number, on whose scale its mean and standard deviation are."""

    def to_json(self) -> Json:
        of_number = {"unit": self.unit, "scale": self.scale} if self.type == "number" else {}
        return {"variable": self.variable, "type": self.type, **of_number}


@dataclass(frozen=True, kw_only=True)
class Table1(PatientsByArm):
    """The patients of each arm, in whose result the variables are printed."""

    kind: ClassVar[str] = "table1"

    described: tuple[Described, ...]
    tests: bool

    def question_json(self) -> Json:
        arms = {"variable": self.arms.variable, "reference": self.arms.reference}
        return {**arms, "arms": list(self.arms.with_all)}

    def result_json(self, result: Patients) -> Json:
        by_arm = result.by_arm if self.arms.columns else ()
        return {"n": [{"level": name, "n": n} for name, n in zip(self.arms.with_all, (*by_arm, result.n), strict=True)]}

    def parts_json(self, result: Result, parts: Sequence[tuple[Analysis, Result]]) -> Json:
        return {
            "variables": [
                self._variable_json(
                    one,
                    result,
                    {
                        type(part): of
                        for part, of in parts
                        if isinstance(part, OfVariable) and part.variable == one.variable
                    },
                )
                for one in self.described
            ]
        }

    def _variable_json(self, one: Described, whole: Result, found: Mapping[type, Result]) -> Json:
        main = found[SumsOfNumber if one.type == "number" else CountsOfLevels]
        arms = [{"level": name} for name in self.arms.with_all]
        if not isinstance(main, Counts | Sums):
            return {
                **one.to_json(),
                "arms": [{**arm, "n": None, "missing": None} for arm in arms],
                **_reason_json(main),
            }
        at = slice(None) if self.arms.columns else slice(-1, None)
        sizes, values = main.sizes()[at], main.arms_json()[at]
        patients = (*whole.by_arm, whole.n)[at] if isinstance(whole, Patients) else None
        rows = [
            {**arm, "n": n, "missing": None if patients is None else patients[i] - n, **values[i]}
            for i, (arm, n) in enumerate(zip(arms, sizes, strict=True))
        ]
        if one.type == "number":
            rows = [
                row | of for row, of in zip(rows, _quartiles_json(found.get(QuartilesOfNumber), len(rows)), strict=True)
            ]
        return {
            **one.to_json(),
            "arms": rows,
            "smd": list(self._smd_json(main)),
            "tests": self._tests_json(main, found.get(RanksOfNumber)),
        }

    def _smd_json(self, main: Counts | Sums) -> Iterator[Json]:
        for i, level in enumerate(self.arms.levels):
            if level != self.arms.reference:
                for definition, value in main.smd(i).items():
                    reason = _reason_json(_no_difference()) if value is None else {}
                    against = {"arm": level, "against": self.arms.reference, "definition": definition}
                    yield {**against, "value": value, **reason}

    def _tests_json(self, main: Counts | Sums, ranks: Result | None) -> Json:
        if not (self.tests and self.arms.columns):
            return {}
        tests: dict[str, Json | Result] = dict(main.tests)
        if ranks is not None:
            tests |= ranks.tests_json() if isinstance(ranks, RankTests) else dict.fromkeys(RANK_TESTS, ranks)
        return {
            key: {"p": None, **_reason_json(found)} if isinstance(found, Result) else found
            for key, found in tests.items()
        }


def _quartiles_json(found: Result | None, columns: int) -> list[Json]:
    if isinstance(found, Quartiles):
        return found.arms_json()
    why = found or NotEstimable("derived", say("analyses.table1.derived"))
    none = dict.fromkeys(("p25", "p50", "p75", "width"))
    return [{"quartiles": none | _reason_json(why)} for _ in range(columns)]


def _no_difference() -> NotEstimable:
    return NotEstimable("no spread", say("analyses.table1.no_difference"))


def _reason_json(found: Result) -> Json:
    assert isinstance(found, NotEstimable | RefusedByRule)
    return {"reason": found.reason_json()}


def planned(study: Study, name: str, entry: Table1Entry) -> Iterator[Analysis]:
    """Yields the patients by arm, then a part for each variable."""
    arms = Arms.of(study)
    whole = f"table1/{ALL}"
    every = entry.variables if entry.missing == "complete" else ()
    head = SetId(None, ALL, tuple(dict.fromkeys((*arms.variables, *every))))
    derived = {of for of in study.variables if study.variables[of].is_derived}
    yield Table1(
        id=whole,
        name=name,
        set_id=head,
        arms=arms,
        is_one_way=derived.isdisjoint(every),
        described=tuple(_described(study, variable) for variable in entry.variables),
        tests=entry.tests,
    )
    for variable in entry.variables:
        common: Json = {
            "id": f"{whole}/{variable}",
            "name": name,
            "set_id": head if every else SetId(None, ALL, (*arms.variables, variable)),
            "part_of": whole,
            "variable": variable,
            "arms": arms,
            "is_one_way": derived.isdisjoint((*every, variable)),
        }
        of = study.variables[variable]
        if isinstance(of, NumberVariable):
            (column,) = columns_of(study, [variable])
            yield SumsOfNumber(**common, column=column)
            if entry.tests and arms.columns:
                yield RanksOfNumber(**common | {"id": f"{whole}/{variable}/ranks"}, column=column)
            if not of.is_derived:
                quartiles = common | {"id": f"{whole}/{variable}/quartiles"}
                least = max(2 * study.disclosure.min_cell, _FEWEST)
                yield QuartilesOfNumber(**quartiles, column=column, scale=NumberScale.of(of), least=least)
        else:
            yield CountsOfLevels(**common, levels=level_columns(study, variable))


def _described(study: Study, name: str) -> Described:
    variable = study.variables[name]
    if isinstance(variable, NumberVariable):
        return Described(name, variable.type, variable.unit, variable.transform)
    return Described(name, variable.type, "", None)
