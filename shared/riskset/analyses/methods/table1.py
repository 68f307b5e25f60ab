"""Table 1: the patients at baseline. What it says of a variable are parts, each judged by itself (decision 34)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Self

from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result, reason_of
from riskset.analyses.cohort import ALL, SetId
from riskset.analyses.design import columns_of, level_columns
from riskset.analyses.methods.described import Described, described
from riskset.analyses.methods.table1_parts import Counts, CountsOfLevels, OfVariable, Sums, SumsOfNumber
from riskset.analyses.methods.table1_quartiles import Quartiles, QuartilesOfNumber
from riskset.analyses.methods.table1_ranks import RANK_TESTS, RanksOfNumber, RankTests
from riskset.analyses.methods.table1_weighted import of_weighted
from riskset.analyses.number_scale import NumberScale
from riskset.analyses.patients_by_arm import EVERYBODY, Arms, Patients, PatientsByArm
from riskset.catalogue import say
from riskset.study.asked.table1 import Table1Entry
from riskset.study.spec import NumberVariable, Study

Json = dict[str, Any]

_FEWEST: Final = 10
"""Patients of an interval that may be halved, if twice `min_cell` is fewer: as rule R4 has it."""


@dataclass(frozen=True, kw_only=True)
class Table1(PatientsByArm):
    """The patients of each arm, in whose result the variables are printed."""

    kind: ClassVar[str] = "table1"

    printed: Arms
    """The columns of the table, whether patients are counted by them or not."""
    described: tuple[Described, ...]
    tests: bool

    def without_arms(self, refusal: RefusedByRule) -> Self | None:
        return replace(self, arms=Arms(()), arms_refusal=refusal) if self.arms.columns else None

    def question_json(self) -> Json:
        return {**self.printed.question_json(), "arms": list(self.printed.with_all)} | self.arms_reason_json()

    def result_json(self, result: Patients) -> Json:
        return {"n": [{"level": name, "n": n} for name, n in self._patients(result).items()]}

    def _patients(self, result: Result) -> dict[str, int | None]:
        """Returns the patients by column; None where they are not known."""
        nobody: dict[str, int | None] = dict.fromkeys(self.printed.with_all)
        if not isinstance(result, Patients):
            return nobody
        return nobody | dict(zip(self.arms.names, result.by_arm, strict=True)) | {EVERYBODY: result.n}

    def parts_json(self, result: Result, parts: Sequence[tuple[Analysis, Result]]) -> Json:
        found: dict[str, dict[type, _Part]] = {one.variable: {} for one in self.described}
        for part, of in parts:
            if isinstance(part, OfVariable):
                found[part.variable][type(part)] = part, of
        patients = self._patients(result)
        return {"variables": [self._variable_json(one, patients, found[one.variable]) for one in self.described]}

    def _variable_json(self, one: Described, patients: Mapping[str, int | None], found: Mapping[type, _Part]) -> Json:
        part, main = found[SumsOfNumber if one.type == "number" else CountsOfLevels]
        if not isinstance(main, Counts | Sums):
            arms = [{"level": name, "n": None, "missing": None} for name in self.printed.with_all]
            return {**one.to_json(), "arms": arms, **_reason_json(main)}
        rows: dict[str, Json] = {
            name: {"n": None, "missing": None, **main.none_json()} for name in self.printed.with_all
        }
        told = part.arms.with_all  # of all patients alone, where the rules let out nothing by arm
        sizes, values = main.sizes()[-len(told) :], main.arms_json()[-len(told) :]
        for name, n, of in zip(told, sizes, values, strict=True):
            every = patients[name]
            rows[name] = {"n": n, "missing": None if every is None else every - n, **of}
        if one.type == "number":
            quartiles = self._quartiles_json(found.get(QuartilesOfNumber))
            rows = {name: row | quartiles[name] for name, row in rows.items()}
        return {
            **one.to_json(),
            "arms": [{"level": name, **row} for name, row in rows.items()],
            "smd": list(self._smd_json(main)) if part.arms.columns else [],
            "tests": self._tests_json(main, found.get(RanksOfNumber)) if part.arms.columns else {},
            **part.arms_reason_json(),
        }

    def _quartiles_json(self, found: _Part | None) -> dict[str, Json]:
        part, result = found or (None, NotEstimable("derived", say("analyses.table1.derived")))
        none = dict.fromkeys(("p25", "p50", "p75", "width"))
        if part is None or not isinstance(result, Quartiles):
            return {name: {"quartiles": none | _reason_json(result)} for name in self.printed.with_all}
        why = {} if part.arms_refusal is None else _reason_json(part.arms_refusal)
        rows = {name: {"quartiles": none | why} for name in self.printed.with_all}
        return rows | dict(zip(part.arms.with_all, result.arms_json(), strict=True))

    def _smd_json(self, main: Counts | Sums) -> Iterator[Json]:
        for i, level in enumerate(self.printed.levels):
            if level != self.printed.reference:
                for definition, value in main.smd(i).items():
                    reason = _reason_json(_no_difference()) if value is None else {}
                    against = {"arm": level, "against": self.printed.reference, "definition": definition}
                    yield {**against, "value": value, **reason}

    def _tests_json(self, main: Counts | Sums, ranks: _Part | None) -> Json:
        if not self.tests:
            return {}
        tests: dict[str, Json | Result] = dict(main.tests)
        if ranks is not None:
            found = ranks[1]
            tests |= found.tests_json() if isinstance(found, RankTests) else dict.fromkeys(RANK_TESTS, found)
        return {
            key: {"p": None, **_reason_json(found)} if isinstance(found, Result) else found
            for key, found in tests.items()
        }


_Part = tuple[OfVariable, Result]


def _no_difference() -> NotEstimable:
    return NotEstimable("no spread", say("analyses.table1.no_difference"))


def _reason_json(found: Result) -> Json:
    return {"reason": reason_of(found)}


def planned(study: Study, name: str, entry: Table1Entry) -> Iterator[Analysis]:
    """Yields, for each population, the patients by arm, then a part for each variable."""
    for population in entry.populations:
        of = of_weighted if study.is_weighted(population) else _of_population
        yield from of(study, name, entry, population)


def _of_population(study: Study, name: str, entry: Table1Entry, population: str) -> Iterator[Analysis]:
    arms = Arms.of(study)
    whole = f"table1/{population}"
    every = entry.variables if entry.missing == "complete" else ()
    head = SetId(None, population, tuple(dict.fromkeys((*arms.variables, *every))))
    derived = {of for of in study.variables if study.variables[of].is_derived}
    decides = () if population == ALL or study.propensity is None else study.propensity.covariates
    yield Table1(
        id=whole,
        name=name,
        set_id=head,
        arms=arms,
        printed=arms,
        is_one_way=derived.isdisjoint((*every, *decides)),
        described=tuple(described(study, variable) for variable in entry.variables),
        tests=entry.tests,
    )
    for variable in entry.variables:
        common: Json = {
            "id": f"{whole}/{variable}",
            "name": name,
            "set_id": head if every else SetId(None, population, (*arms.variables, variable)),
            "part_of": whole,
            "variable": variable,
            "arms": arms,
            "is_one_way": derived.isdisjoint((*every, variable, *decides)),
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
