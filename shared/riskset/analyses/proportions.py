"""Proportions of patients in all and by arm, and how arms differ in them: what one-way tables are reported as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any

from riskset.analyses.analysis import LEVEL
from riskset.catalogue import Message, say
from riskset.stats import proportions
from riskset.stats.arrays import finite
from riskset.stats.fisher import FisherTest, fisher_2x2
from riskset.stats.proportions import Estimate

Json = dict[str, Any]


@dataclass(frozen=True)
class Proportion:
    """Of one arm, or of all patients."""

    level: str | None
    n: int
    """Patients who have it."""
    of: int


@dataclass(frozen=True)
class Comparison:
    """An arm against the reference."""

    level: str
    against: str
    arm: Proportion
    reference: Proportion

    @property
    def counts(self) -> tuple[int, int, int, int]:
        return self.arm.n, self.arm.of, self.reference.n, self.reference.of

    @property
    def is_empty(self) -> bool:
        return self.arm.of == 0 or self.reference.of == 0

    @property
    def difference(self) -> Estimate | None:
        return None if self.is_empty else proportions.newcombe(*self.counts, LEVEL)

    @property
    def odds_ratio(self) -> Estimate | None:
        return proportions.odds_ratio(*self.counts, LEVEL)

    @property
    def risk_ratio(self) -> Estimate | None:
        return None if self.is_empty else proportions.risk_ratio(*self.counts, LEVEL)

    @property
    def fisher(self) -> FisherTest | None:
        if self.is_empty:
            return None
        a, n1, b, n0 = self.counts
        return fisher_2x2(a, n1 - a, b, n0 - b, LEVEL)


@dataclass(frozen=True)
class Proportions:
    """Those of one level."""

    overall: Proportion
    arms: tuple[Proportion, ...]
    """Empty where the study compares no arms."""
    comparisons: tuple[Comparison, ...]
    """Of every arm but the reference, in the study's order."""


def proportions_of(
    levels: Sequence[str], reference: str | None, having: Sequence[float], patients: Sequence[float]
) -> Proportions:
    """Returns the proportions from counts by arm; without arms, `levels` are empty and there is one count of each."""
    overall = Proportion(None, round(sum(having)), round(sum(patients)))
    arms = tuple(Proportion(name, round(x), round(n)) for name, x, n in zip(levels, having, patients, strict=False))
    against = next((arm for arm in arms if arm.level == reference), None)
    compared = [Comparison(str(arm.level), str(reference), arm, against) for arm in arms if against not in (None, arm)]
    return Proportions(overall, arms, tuple(compared))


def proportion_json(one: Proportion, *, with_limits: bool = True) -> Json:
    """Returns a proportion as written to results.json."""
    if one.of == 0:
        limits: Json = {"clopper_pearson": None, "wilson": None} if with_limits else {}
        return _head(one) | {"percent": None} | limits | {"reason": _reason("no patients", "no_patients")}
    found = _head(one) | {"percent": 100 * one.n / one.of}
    if not with_limits:
        return found
    exact, score = (by(one.n, one.of, LEVEL) for by in (proportions.clopper_pearson, proportions.wilson))
    return found | {"clopper_pearson": asdict(exact), "wilson": asdict(score)}


def _head(one: Proportion) -> Json:
    return {"level": one.level, "n": one.n, "of": one.of}


def comparison_json(one: Comparison, *, with_ratios: bool = True) -> Json:
    """Returns a comparison as written to results.json; what it names beside is the arm."""
    head = {"level": one.level, "against": one.against}
    ratios = {"odds_ratio": _estimate(one, one.odds_ratio), "risk_ratio": _estimate(one, one.risk_ratio)}
    return (
        head
        | {"difference": _estimate(one, one.difference) | {"limits": "newcombe"}}
        | (ratios if with_ratios else {})
        | {"fisher": _fisher(one)}
    )


def _estimate(one: Comparison, found: Estimate | None) -> Json:
    if found is not None:
        return asdict(found)
    return dict.fromkeys(("estimate", "lower", "upper")) | {"reason": _why(one, "zero_cell")}


def _fisher(one: Comparison) -> Json:
    found = one.fisher
    if found is None:
        return dict.fromkeys(("p", "odds_ratio", "lower", "upper")) | {"reason": _why(one, "zero_cell")}
    values: Json = {key: finite(value) for key, value in asdict(found).items()}
    if None in values.values():
        values |= {"reason": _why(one, "one_table" if isnan(found.odds_ratio) else "zero_cell")}
    return values


def _why(one: Comparison, code: str) -> Json:
    return _reason("no patients", "no_patients") if one.is_empty else _reason("no finite estimate", code)


def _reason(code: str, sentence: str) -> Json:
    message: Message = say(f"analyses.proportion.{sentence}")
    return {"code": code, "message": message}
