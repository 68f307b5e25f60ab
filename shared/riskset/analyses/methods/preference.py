"""The preference score in fixed intervals: how many patients of each arm might have had either treatment.

The score of a hospital's patients follows from the fitted propensity score, with the hospital's own intercept. It makes
a category, so that the rules judge its levels as they do any level that a study derives. Its patients are all of the
score's set, so that no set of patients is told that was not told before: those of a hospital with one arm have no score
and no level. Where a rule refuses ten intervals, fixed and coarser ones are asked: who is in them never decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Final, NamedTuple, Self

import numpy as np

from riskset.analyses.analysis import NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import Cohort
from riskset.analyses.methods.demand import Demand, of_equipoise
from riskset.analyses.methods.propensity_fit import ID, PropensityFit, set_of_score
from riskset.analyses.methods.score_levels import from_score, members_with
from riskset.analyses.methods.table1_parts import CountsOfLevels
from riskset.analyses.patients_by_arm import Arms
from riskset.analyses.populations import Members, Population
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Column, Exposure, FromFit
from riskset.stats.preference import BINS, EQUIPOISE, bins, preference
from riskset.study.spec import Study

Json = dict[str, Any]
PREFERENCE: Final = f"{ID}/preference"
"""Of the table among the results."""
POPULATION: Final = "preference score"
"""Of its patients, and of the category: a name that nothing in a study file can have."""


class Form(NamedTuple):
    """The intervals by which patients are counted, each as the tenths that are in it."""

    name: str
    intervals: tuple[tuple[int, ...], ...]


_TENTHS: Final = tuple(range(BINS))
_LOW, MIDDLE, _HIGH = _TENTHS[: EQUIPOISE.start], _TENTHS[EQUIPOISE], _TENTHS[EQUIPOISE.stop :]
FORMS: Final = (
    Form("tenths", tuple((tenth,) for tenth in _TENTHS)),
    Form("tenths of equipoise", (_LOW, *((tenth,) for tenth in MIDDLE), _HIGH)),
    Form("three intervals", (_LOW, MIDDLE, _HIGH)),
    Form("equipoise", (MIDDLE, (*_LOW, *_HIGH))),
)
"""From the finest; each is asked where a rule refuses the one before it."""


@dataclass(frozen=True)
class Preferred:
    """All patients of the score, with the tenth in which their preference score is."""

    of_score: str
    """The set of patients with a value of all covariates."""
    needs: tuple[str, ...] = (ID,)

    def members(self, cohort: Cohort, inputs: Mapping[str, Any]) -> Members:
        fit: PropensityFit = inputs[ID]
        rows = cohort.analysis_sets[self.of_score]
        return members_with(
            POPULATION, rows, fit, lambda scores: bins(preference(scores.logit, fit.treated, fit.n - fit.treated))
        )


@dataclass(frozen=True)
class Preferences(Result):
    """Patients of each arm in each interval of the preference score."""

    form: Form
    by_arm: tuple[tuple[int, ...], ...]
    """(arms, intervals)."""
    demand: Demand | None = None

    @property
    def passes(self) -> bool | None:
        return None if self.demand is None else self.demand.is_met(self.smallest_share)

    @property
    def withholds(self) -> Message | None:
        return None if self.demand is None else self.demand.reason(self.smallest_share)

    def in_equipoise(self, arm: int) -> int:
        """Returns how many patients of an arm have a preference score from 0.3 to 0.7."""
        return sum(
            n for n, of in zip(self.by_arm[arm], self.form.intervals, strict=True) if set(of) <= set(_TENTHS[EQUIPOISE])
        )

    def share(self, arm: int) -> float | None:
        """Returns the share of an arm in equipoise; None where it has nobody with a score."""
        n = sum(self.by_arm[arm])
        return self.in_equipoise(arm) / n if n else None

    @property
    def smallest_share(self) -> float | None:
        """Returns the smaller of the arms' shares in equipoise; None where an arm has nobody with a score."""
        shares = [self.share(arm) for arm in range(len(self.by_arm))]
        known = [share for share in shares if share is not None]
        return min(known) if len(known) == len(shares) else None


@dataclass(frozen=True, kw_only=True)
class PreferenceScore(CountsOfLevels):
    """One round. Summary: patients of each arm in each interval."""

    kind: ClassVar[str] = "propensity"

    form: Form
    fit: FromFit
    """What admission counts of ten intervals, as their exposure has it."""
    counted: int = 0
    """The finest intervals of which admission told how many patients they have, before they were refused: what it tells
    of coarser ones are sums."""
    crossed: int = 0
    """The finest of which it told how many have each level of a covariate, too."""
    refusals: tuple[tuple[str, RefusedByRule], ...] = ()
    """The finer forms that were refused, by name, and why."""
    demand: Demand | None = None
    """What the study demands of the shares in equipoise, which every form tells."""

    @cached_property
    def exposure(self) -> Exposure:
        now, with_each = len(self.levels), self.fit.numbers // BINS - 1
        numbers = max(self.counted, now) + max(self.crossed, now) * with_each
        return replace(super().exposure, from_fit=self.fit._replace(numbers=numbers))

    @property
    def is_worth_a_model(self) -> bool:
        return False

    @property
    def part_refusal(self) -> RefusedByRule | None:
        return self.refusals[-1][1] if self.refusals else None

    @property
    def less_than_asked(self) -> str:
        return "coarser"

    @property
    def needs(self) -> tuple[str, ...]:
        return (ID,)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.preference", n=len(self.levels))

    def without_arms(self, refusal: RefusedByRule) -> Self | None:
        """Returns the same in the next coarser intervals; by arm always."""
        at = FORMS.index(self.form) + 1
        if at == len(FORMS):
            return None
        # all parties judge R5 before anything is counted; R4, R12, and R5 at a site, are judged at the latest after
        # each level was counted, R2 after all pairs were
        now = len(self.levels)
        return replace(
            self,
            form=FORMS[at],
            levels=indicators_of(FORMS[at]),
            counted=max(self.counted, 0 if (refusal.rule, refusal.by) == ("R5", "all") else now),
            crossed=max(self.crossed, now if refusal.rule == "R2" else 0),
            refusals=(*self.refusals, (self.form.name, refusal)),
        )

    def combine(self, total: Sequence[float], state: None) -> Result:
        counts = np.rint(np.array(total)).astype(int).reshape(-1, len(self.levels))
        if not counts.any():
            return NotEstimable("no patients", say("analyses.no_patients"))
        return Preferences(self.form, tuple(map(tuple, counts.tolist())), self.demand)

    def question_json(self) -> Json:
        return {"form": self.form.name}

    def result_json(self, result: Preferences) -> Json:
        return {
            "intervals": [{"level": interval_name(of), "edges": _edges(of)} for of in self.form.intervals],
            "arms": [self._arm_json(i, name, result) for i, name in enumerate(self.arms.names)],
        }

    def _arm_json(self, arm: int, name: str, result: Preferences) -> Json:
        counts, every = zip(self.form.intervals, result.by_arm[arm], strict=True), sum(result.by_arm[arm])
        intervals = [
            {"level": interval_name(of), "n": n, "percent": 100 * n / every if every else None} for of, n in counts
        ]
        share = result.share(arm)
        of_equipoise = {"equipoise": result.in_equipoise(arm), "percent": None if share is None else 100 * share}
        return {"level": name, "n": every, **of_equipoise, "intervals": intervals}

    def as_part_json(self, result: Result) -> Json:
        """Returns its object among the results of the score."""
        found: Json = self.question_json()
        if isinstance(result, Preferences):
            found |= self.result_json(result)
        elif isinstance(result, NotEstimable | RefusedByRule):
            found |= {"intervals": [], "arms": [], "reason": result.reason_json()}
        smallest = result.smallest_share if isinstance(result, Preferences) else None
        found |= {"gates": [] if self.demand is None else [self.demand.to_json(smallest)]}
        return found | {"refused": [{"form": form, "reason": why.reason_json()} for form, why in self.refusals]}


def indicators_of(form: Form) -> tuple[Column, ...]:
    """Returns the indicator of each interval. None is a reference: who has no score has none of them."""
    return tuple(
        Column(POPULATION, interval_name(of), code=of[0], merged=((POPULATION, of),), is_derived=True)
        for of in form.intervals
    )


def preferences(study: Study) -> Mapping[str, Population]:
    """Returns the population of the table, where the study asks for it."""
    if study.propensity is None or not study.propensity.asks_preference:
        return {}
    return {POPULATION: Preferred(set_of_score(study).name)}


def demands(study: Study) -> Mapping[str, str]:
    """Returns, by population where the study demands a share in equipoise, the id of the table."""
    if study.propensity is None or of_equipoise(study) is None:
        return {}
    return dict.fromkeys(sorted(study.propensity.adjustments), PREFERENCE)


def table_of(study: Study, name: str) -> PreferenceScore:
    """Returns the finest table."""
    return PreferenceScore(
        id=PREFERENCE,
        name=name,
        set_id=replace(set_of_score(study), population=POPULATION),
        part_of=ID,
        variable=POPULATION,
        arms=Arms.of(study),
        is_one_way=False,
        levels=indicators_of(FORMS[0]),
        form=FORMS[0],
        fit=from_score(study, POPULATION, len(FORMS[0].intervals)),
        demand=of_equipoise(study),
    )


def _edges(tenths: tuple[int, ...]) -> list[list[float]]:
    """Returns from where to where the tenths are, those beside each other together."""
    first = [tenth for tenth in tenths if tenth - 1 not in tenths]
    last = [tenth for tenth in tenths if tenth + 1 not in tenths]
    return [[a / BINS, (b + 1) / BINS] for a, b in zip(first, last, strict=True)]


def interval_name(tenths: tuple[int, ...]) -> str:
    return " and ".join(f"{low:.1f} to {high:.1f}" for low, high in _edges(tenths))
