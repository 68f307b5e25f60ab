"""Rates of response, compared within hospitals: Cochran-Mantel-Haenszel, and whether hospitals have one odds ratio.

What is summed are terms of each hospital's 2 x 2 table, fractions with the hospital's patients as denominators, from
which that table can be computed. The rules judge each hospital's own cells, and may refuse this part alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, Analysis, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.counts_in_tables import CountsInTables
from riskset.analyses.rates import Asked
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, Label, total
from riskset.stats.mantel_haenszel import (
    GIVEN_RATIO,
    TERMS,
    Homogeneity,
    Stratified,
    common_ratio,
    homogeneity,
    stratified,
    terms,
    terms_given,
)

Json = dict[str, Any]


@dataclass(frozen=True)
class AtCommonRatio:
    """The second state: the first total, and the odds ratio of each pair, None where there is none."""

    total: tuple[float, ...]
    ratios: tuple[float | None, ...]


@dataclass(frozen=True)
class BySite(Result):
    """Of each pair, in their order; None where no hospital is informative, or the test needs two that are."""

    compared: tuple[Stratified | None, ...]
    homogeneity: tuple[Homogeneity | None, ...]


@dataclass(frozen=True, kw_only=True)
class ResponseBySite(Analysis):
    """The arms compared within hospitals: two rounds. Summary: terms of the hospital's tables, then terms given the
    common odds ratio."""

    kind: ClassVar[str] = "response"

    asked: Asked
    tables: CountsInTables

    @cached_property
    def exposure(self) -> Exposure:
        return self.tables.exposure(per_site=True, is_iterative=True)

    @property
    def needs(self) -> tuple[str, ...]:
        return ()

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.tables_by_site")

    def start(self, inputs: Inputs) -> None:
        return None

    def labels(self, state: AtCommonRatio | None) -> tuple[Label, ...]:
        asked, of = self.asked, TERMS if state is None else GIVEN_RATIO
        what = "" if state is None else " given the common odds ratio"
        return tuple(
            total(
                f"{term} of {self.tables.arms.columns[arm].level}, {self.tables.levels[rate].name}{what}",
                self.tables.levels[rate],
                self.tables.arms.columns[arm],
            )
            for rate, arm, _ in asked.pairs(self.tables)
            for term in of
        )

    def most_numbers(self, sites: int) -> int:
        return max(len(TERMS), len(GIVEN_RATIO)) * len(self.asked.pairs(self.tables))

    def prepare(self, cohort: Cohort, inputs: Inputs) -> list[tuple[float, float, float, float]]:
        """Returns for each pair the patients with it and all patients, of the arm and of the reference."""
        rows = cohort.analysis_sets[self.analysis_set]
        having, patients = self.asked.by_arm(self.tables.of(rows))
        return [
            (float(having[rate, arm]), float(patients[arm]), float(having[rate, reference]), float(patients[reference]))
            for rate, arm, reference in self.asked.pairs(self.tables)
        ]

    def local(
        self, prepared: list[tuple[float, float, float, float]], state: AtCommonRatio | None
    ) -> NDArray[np.float64]:
        if state is None:
            return np.array([term for table in prepared for term in terms(*table)])
        each = zip(state.ratios, prepared, strict=True)
        nothing = [0.0] * len(GIVEN_RATIO)
        return np.array([t for psi, table in each for t in (nothing if psi is None else terms_given(psi, *table))])

    def combine(self, total: Sequence[float], state: AtCommonRatio | None) -> Result | AtCommonRatio:
        if state is None:
            first = tuple(total)
            if not any(stratified(part) for part in _parts(first, len(TERMS))):
                return NotEstimable("no information", say("analyses.proportion.by_site"))
            return AtCommonRatio(first, tuple(common_ratio(part) for part in _parts(first, len(TERMS))))
        compared = tuple(stratified(part, LEVEL) for part in _parts(state.total, len(TERMS)))
        tests = zip(compared, state.ratios, _parts(tuple(total), len(GIVEN_RATIO)), strict=True)
        return BySite(
            compared,
            tuple(None if one is None or psi is None else homogeneity(part, one.sites) for one, psi, part in tests),
        )

    def linear_predictor(self, prepared: list[tuple[float, float, float, float]], state: object) -> NDArray[np.float64]:
        """No patient is weighted: zeros, one for each."""
        n = sum(patients for _, arm, _, reference in prepared[:1] for patients in (arm, reference))
        return np.zeros(round(n))

    def refused(self, state: object, refusal: RefusedByRule) -> Result:
        return refusal

    def out_of_evaluations(self, state: object) -> Result:
        return NotEstimable("not converged", say("analyses.asked_twice"))

    def question_json(self) -> Json:
        return self.asked.question_json(self.tables)

    def result_json(self, result: BySite) -> Json:
        each = zip(self.asked.pairs(self.tables), result.compared, result.homogeneity, strict=True)
        names = self.tables.arms.levels
        found = [
            (self.asked.rates[rate], {"level": names[arm], "against": names[reference]} | _by_site_json(one, test))
            for (rate, arm, reference), one, test in each
        ]
        by_rate = {rate: [one for name, one in found if name == rate] for rate in self.asked.rates}
        return {"level": LEVEL, "rates": [{"rate": rate, "comparisons": of} for rate, of in by_rate.items()]}


def _parts(total: Sequence[float], size: int) -> list[Sequence[float]]:
    return [total[i : i + size] for i in range(0, len(total), size)]


_ESTIMATES: Final = ("odds_ratio", "risk_difference", "risk_difference_informative")


def _by_site_json(one: Stratified | None, test: Homogeneity | None) -> Json:
    reason = {"code": "no information", "message": say("analyses.proportion.by_site")}
    none = {"reason": reason}
    keys = ("chi2", "df", "p")
    breslow_day: Json = dict.fromkeys(keys) | {"tarone": dict.fromkeys(keys)} | none
    if test is not None:
        tarone = {"chi2": test.tarone, "df": test.df, "p": test.p_tarone}
        breslow_day = {"chi2": test.chi2, "df": test.df, "p": test.p, "tarone": tarone}
    if one is None:
        cmh: Json = dict.fromkeys(("sites", "chi2", "p", "corrected", *_ESTIMATES)) | none
        return {"cmh": cmh, "breslow_day": breslow_day}
    zero = {"code": "no finite estimate", "message": say("analyses.proportion.zero_cell")}
    ratio = dict.fromkeys(("estimate", "lower", "upper")) | {"reason": zero}
    cmh = {
        "sites": one.sites,
        "chi2": one.chi2,
        "p": one.p,
        "corrected": {"chi2": one.corrected, "p": one.p_corrected},
        "odds_ratio": (ratio if one.odds_ratio is None else asdict(one.odds_ratio)) | {"limits": "robins"},
        "risk_difference": asdict(one.risk_difference) | {"limits": "sato"},
        "risk_difference_informative": asdict(one.risk_difference_informative) | {"limits": "sato"},
    }
    return {"cmh": cmh, "breslow_day": breslow_day}
