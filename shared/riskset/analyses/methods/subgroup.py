"""The arms compared within each level of a variable, and whether the levels differ.

A part for each model: of all patients, of all with the variable, the same with its interaction with the arm, and of the
patients of each level. A rule refuses a part by itself. The analysis that a study reports waits for their ends and
counts the arms. The model of one level's patients is that of their rows; nothing of the others enters its sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import LEVEL, AskedOnce, Inputs, NotEstimable, RefusedByRule, Result
from riskset.analyses.cohort import AnalysisSet, Cohort, SetId, chosen, set_of
from riskset.analyses.design import Column, columns_of, level_columns
from riskset.analyses.level_counts import EventsOf
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.subgroup_answer import (
    Answer,
    NoFit,
    OfLevel,
    answer_json,
    compared,
    events_by_level,
)
from riskset.analyses.moments import moments_id
from riskset.catalogue import Message, say
from riskset.disclosure.exposure import Exposure, Label, total
from riskset.stats.cox import RiskSets, Ties
from riskset.study.asked.subgroup import SubgroupEntry
from riskset.study.spec import Study


@dataclass(frozen=True, kw_only=True)
class Part(CoxModel):
    """A model of all patients, which the analysis that needs it reports."""

    kind: ClassVar[str] = "subgroup"

    @property
    def is_part(self) -> bool:
        return True


@dataclass(frozen=True)
class Counted:
    """A fit in progress, and the patients and events of the arm, once they are known."""

    fit: Any
    """A state of the Cox model."""
    of_all: tuple[int, int]
    """Patients and events with the level."""
    of_arm: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class LevelModel(Part):
    """A model of the patients of one level. Its first summary also has the patients and events of the arm, of which the
    design's first column is the indicator."""

    order: tuple[str, ...]
    """The levels of the arm, in the study's order."""

    @property
    def needs(self) -> tuple[str, ...]:
        return (moments_id(self.rows_name),)

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.subgroup_level")

    def _of_rows(self, inputs: Inputs) -> Inputs:
        """Returns the moments of the level's patients under the name that a Cox model looks for."""
        return {moments_id(self.analysis_set): inputs[moments_id(self.rows_name)]}

    def start(self, inputs: Inputs) -> Any:  # noqa: ANN401 - as of every analysis
        fit, moments = super().start(self._of_rows(inputs)), inputs[moments_id(self.rows_name)]
        return fit if isinstance(fit, NotEstimable) else Counted(fit, (moments.n, moments.events))

    def labels(self, state: Any) -> tuple[Label, ...]:  # noqa: ANN401
        arm = self.design[0]
        counts = (total(f"patients with {arm.name}", arm), total(f"events with {arm.name}", arm))
        return (*super().labels(state.fit), *(counts if state.of_arm is None else ()))

    def most_numbers(self, sites: int) -> int:
        return super().most_numbers(sites) + len(("patients", "events"))

    def evaluations(self, state: Any) -> int:  # noqa: ANN401
        return super().evaluations(state.fit if isinstance(state, Counted) else state)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> Any:  # noqa: ANN401
        rows = cohort.outcomes(self.analysis_set)
        assert self.within is not None
        own = chosen(rows, self.within.values(rows) == 1.0)
        assert isinstance(own, AnalysisSet)
        arm = self.design[0].values(own)
        alone = replace(cohort, analysis_sets={**cohort.analysis_sets, self.analysis_set: own})
        return super().prepare(alone, self._of_rows(inputs)), np.array([arm.sum(), arm[own.event].sum()])

    def local(self, prepared: tuple[RiskSets, NDArray[np.float64]], state: Any) -> NDArray[np.float64]:  # type: ignore[override]  # noqa: ANN401
        rows, counts = prepared
        return np.concatenate([super().local(rows, state.fit), *([counts] if state.of_arm is None else [])])

    def linear_predictor(self, prepared: Any, state: Any) -> NDArray[np.float64]:  # noqa: ANN401
        return super().linear_predictor(prepared[0], state.fit)

    def combine(self, total: Sequence[float], state: Any) -> Any:  # noqa: ANN401
        if state.of_arm is None:
            state = replace(state, of_arm=(round(total[-2]), round(total[-1])))
            total = total[:-2]
        after = super().combine(total, state.fit)
        return self._level(after, state) if isinstance(after, Result) else replace(state, fit=after)

    def out_of_evaluations(self, state: Any) -> Any:  # noqa: ANN401
        return self._level(super().out_of_evaluations(state.fit), state)

    def refused(self, state: Any, refusal: RefusedByRule) -> Result:  # noqa: ANN401
        end = super().refused(state.fit, refusal)
        return end if state.of_arm is None else self._level(end, state)

    def _level(self, end: Result, state: Counted) -> Result:
        arm, of_arm = self.design[0], state.of_arm or (0, 0)
        rest = state.of_all[0] - of_arm[0], state.of_all[1] - of_arm[1]
        counts = {str(arm.level): of_arm, str(arm.reference): rest}
        arms = {level: counts[level] for level in self.order}
        if isinstance(end, NotEstimable):
            return NoFit(end.code, end.message, end, arms)
        return end if isinstance(end, RefusedByRule) else OfLevel(end, arms)


@dataclass(frozen=True, kw_only=True)
class Subgroups(AskedOnce):
    """What a study reports of one variable. Summary: the patients and events of each arm."""

    kind: ClassVar[str] = "subgroup"

    arms: tuple[Column, ...]
    """Both, in the study's order."""
    variable: str
    adjusted: tuple[str, ...]
    ties: Ties
    overall: str
    """Ids of its parts."""
    main: str
    interaction: str
    levels: tuple[tuple[str, str], ...]
    """(level, id), in the study's order."""

    @cached_property
    def exposure(self) -> Exposure:
        arm = tuple(column for column in self.arms if column.level != column.reference)
        return Exposure(design=(), tables=arm, in_time=None, weights=False, is_iterative=False, per_site=False)

    @property
    def needs(self) -> tuple[str, ...]:
        return self.reports

    @property
    def reports(self) -> tuple[str, ...]:
        return (self.overall, self.main, self.interaction, *(id_ for _, id_ in self.levels))

    @property
    def reveals(self) -> Message:
        return say("analyses.reveals.subgroup")

    def start(self, inputs: Inputs) -> Mapping[str, Result]:
        return inputs

    def labels(self, state: Any) -> tuple[Label, ...]:  # noqa: ANN401
        return tuple(total(f"{what} of {arm.name}", arm) for what in ("patients", "events") for arm in self.arms)

    def prepare(self, cohort: Cohort, inputs: Inputs) -> NDArray[np.float64]:
        rows = cohort.outcomes(self.analysis_set)
        of_arms = [arm.values(rows) for arm in self.arms]
        return np.array([*(arm.sum() for arm in of_arms), *(arm[rows.event].sum() for arm in of_arms)])

    def local(self, prepared: NDArray[np.float64], state: Any) -> NDArray[np.float64]:  # noqa: ANN401
        return prepared

    def combine(self, total: Sequence[float], state: Mapping[str, Result]) -> Answer:
        counts = [round(number) for number in total]
        of_arms = zip(counts[:2], counts[2:], strict=True)
        return Answer(
            dict(zip((str(arm.level) for arm in self.arms), of_arms, strict=True)),
            state[self.overall],
            state[self.main],
            state[self.interaction],
            tuple((level, state[id_]) for level, id_ in self.levels),
        )

    def events_by_level(self, result: Answer) -> EventsOf:
        arms = {(str(arm.variable), str(arm.level)): result.arms[str(arm.level)] for arm in self.arms}
        return arms | {(self.variable, level): counts for level, counts in events_by_level(result)}

    def question_json(self) -> dict[str, Any]:
        arm = self.arms[0]
        asked = {"variable": self.variable, "arm": arm.variable, "reference": arm.reference}
        return asked | {"adjusted": list(self.adjusted), "baseline": "site", "ties": self.ties, "level": LEVEL}

    def result_json(self, result: Answer) -> dict[str, Any]:
        return answer_json(result, compared(self.arms))


def planned(study: Study, name: str, entry: SubgroupEntry) -> Iterator[Part | Subgroups]:
    """Yields, for each variable of an entry of the study file, its models and then what is reported of them."""
    assert study.comparison is not None, "an entry of subgroups compares two arms"
    arm = study.comparison.arm
    for endpoint, population in product(entry.endpoints, entry.populations):
        known: dict[str, Part] = {}
        for variable in entry.by:
            stem = f"subgroup/{endpoint}/{population}/{variable}"
            set_id = set_of(entry, endpoint, population, tuple(dict.fromkeys((arm, variable, *entry.adjusted))))
            asked = _Asked(study, name, set_id, entry)
            parts = f"{stem}/{name}"  # the study's other entries may have the same variable
            besides = [covariate for covariate in entry.adjusted if covariate != variable]
            if set_id.name not in known:
                known[set_id.name] = asked.model(f"{parts}/overall", [arm, *entry.adjusted])
                yield known[set_id.name]
            main = asked.model(f"{parts}/main", [arm, variable, *besides])
            crossed = asked.model(f"{parts}/interaction", [arm, variable, *besides, f"{arm}:{variable}"])
            yield from (main, crossed)
            levels = [asked.of_level(f"{parts}/{c.level}", c, [arm, *besides]) for c in level_columns(study, variable)]
            yield from levels
            yield Subgroups(
                id=stem,
                name=name,
                set_id=set_id,
                arms=level_columns(study, arm),
                variable=variable,
                adjusted=entry.adjusted,
                ties=entry.ties,
                overall=known[set_id.name].id,
                main=main.id,
                interaction=crossed.id,
                levels=tuple((level, one.id) for level, one in zip(study.levels_of(variable), levels, strict=True)),
            )


@dataclass(frozen=True)
class _Asked:
    study: Study
    name: str
    set_id: SetId
    entry: SubgroupEntry

    def model(self, id_: str, terms: Sequence[str]) -> Part:
        return Part(**self._keys(id_, terms))

    def of_level(self, id_: str, within: Column, terms: Sequence[str]) -> LevelModel:
        order = self.study.levels_of(terms[0])
        return LevelModel(**self._keys(id_, terms), within=within, order=order)

    def _keys(self, id_: str, terms: Sequence[str]) -> dict[str, Any]:
        design = columns_of(self.study, terms)
        of_all = {"id": id_, "name": self.name, "set_id": self.set_id}
        return of_all | {"design": design, "ties": self.entry.ties, "model": "multivariable"}
