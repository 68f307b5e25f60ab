"""Balance: how far the arms differ in the covariates of the score, in all patients and in those who are matched.

What is added up are the one-way tables of Table 1, of two sets of patients: all with a value of the arm and of every
covariate, and the matched. The former are also those of hospitals with one arm, who have no score: what the sums of the
others lack would be the sums of such a hospital. Each table is a part, which a rule refuses by itself; the analysis
that a study reports waits for their ends and counts the matched patients.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from riskset.analyses.analysis import Analysis, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import SetId
from riskset.analyses.design import columns_of, level_columns
from riskset.analyses.methods.balance_answer import Covariate, Reported
from riskset.analyses.methods.demand import of_balance
from riskset.analyses.methods.propensity_fit import ID, PropensityFit, set_of_score
from riskset.analyses.methods.table1_parts import CountsOfLevels, SumsOfNumber
from riskset.analyses.methods.weighted_tables import Weighted, WeightedNumber, WeightsByArm, WeightsOfLevels, table_of
from riskset.analyses.moments import moments_id
from riskset.analyses.patients_by_arm import Arms, PatientsByArm
from riskset.catalogue import say
from riskset.study.asked.balance import BalanceEntry
from riskset.study.spec import NumberVariable, Study

Json = dict[str, Any]
KIND: Final = "balance"


class _Compared:
    """What the tables of a covariate share: another analysis reports them, and by arm is all that they are."""

    kind: ClassVar[str] = KIND

    @property
    def is_part(self) -> bool:
        return True

    def without_arms(self, refusal: RefusedByRule) -> None:
        """Nothing is left to compare."""
        return


@dataclass(frozen=True, kw_only=True)
class Levels(_Compared, CountsOfLevels):
    """Patients of each arm with each level, of one of the two sets."""


@dataclass(frozen=True, kw_only=True)
class Number(_Compared, SumsOfNumber):
    """A number's sum and sum of squares in each arm, of one of the two sets."""


@dataclass(frozen=True, kw_only=True)
class LevelsOfWeighted(_Compared, WeightsOfLevels):
    """The weights of each level in each arm, of a weighted population."""


@dataclass(frozen=True, kw_only=True)
class NumberOfWeighted(_Compared, WeightedNumber):
    """A number's weighted sums in each arm, of a weighted population."""


@dataclass(frozen=True, kw_only=True)
class BalanceOfMatched(Reported, PatientsByArm):
    """What a study reports of a matched population. Summary: its patients of each arm."""

    kind: ClassVar[str] = KIND

    @property
    def needs(self) -> tuple[str, ...]:
        return (ID, *self.reports)

    def start(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        return inputs

    def combine(self, total: Sequence[float], state: Any) -> Result:  # noqa: ANN401 - the inputs
        counts = [round(n) for n in total]
        if not all(counts):
            return NotEstimable("no patients", say("analyses.balance.nobody"))
        fit: PropensityFit = state[ID]
        return self.balanced(counts, fit.n - sum(counts), state)


@dataclass(frozen=True, kw_only=True)
class BalanceOfWeighted(Reported, WeightsByArm):
    """What a study reports of a weighted population, or of one with matched sets of several. Summary: the weights of
    each arm, and their squares."""

    kind: ClassVar[str] = KIND

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.analysis_set), *self.reports)

    def start(self, inputs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        found = super().start(inputs)
        return found if isinstance(found, Result) else inputs

    def combine(self, total: Sequence[float], state: Any) -> Result:  # noqa: ANN401 - the inputs
        found = super().combine(total, self.unit(state))
        if not isinstance(found, Weighted):
            return found
        return self.balanced([of.n for of in found.by_arm], None, state)


def planned(study: Study, name: str, entry: BalanceEntry) -> Iterator[Analysis]:
    """Yields, for each matched population, the tables of the covariates and then what is reported of them."""
    assert study.propensity is not None
    arms, of_score, demand = Arms.of(study), set_of_score(study), of_balance(study)
    covariates = study.propensity.covariates
    # a derived variable may be missing for any reason
    is_one_way = not any(study.variables[of].is_derived for of in covariates)
    for population in study.propensity.balanced:
        sets = {"before": of_score, "after": SetId(None, population, of_score.complete_in)}
        stem, found = f"{KIND}/{population}", list[Covariate]()
        is_weighted = study.is_weighted(population)
        for variable in covariates:
            ids = {when: f"{stem}/{variable}/{when}" for when in sets}
            for when, set_id in sets.items():
                common: Json = {"id": ids[when], "name": name, "set_id": set_id, "variable": variable, "arms": arms}
                if is_weighted and when == "after":
                    of: Json = common | {"is_one_way": is_one_way, "weighted_as": study.weighted_as(population)}
                    yield table_of(study, LevelsOfWeighted, NumberOfWeighted, **of)
                else:
                    yield _table(study, variable, common | {"is_one_way": is_one_way})
            found.append(Covariate(variable, _levels(study, variable), ids["before"], ids["after"]))
        common = {"id": stem, "name": name, "set_id": sets["after"], "arms": arms}
        reported: Json = common | {"covariates": tuple(found), "demand": demand, "is_one_way": is_one_way}
        if is_weighted:
            yield BalanceOfWeighted(**reported, weighted_as=study.weighted_as(population))
        else:
            yield BalanceOfMatched(**reported)


def demands(study: Study) -> Mapping[str, str]:
    """Returns, by population of whose balance the study demands something, the id of that."""
    if study.propensity is None or of_balance(study) is None:
        return {}
    return {population: f"{KIND}/{population}" for population in study.propensity.balanced}


def _table(study: Study, variable: str, common: Json) -> Levels | Number:
    if isinstance(study.variables[variable], NumberVariable):
        (column,) = columns_of(study, [variable])
        return Number(**common, column=column)
    return Levels(**common, levels=level_columns(study, variable))


def _levels(study: Study, variable: str) -> tuple[str, ...]:
    levels = study.levels_of(variable)
    return levels[1:] if levels == ("false", "true") else levels
