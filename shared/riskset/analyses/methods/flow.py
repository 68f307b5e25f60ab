"""The flow chart: patients of each arm in each box from the rows read to each analysis set, and how many lack a value.

A box is a set of patients and an analysis of its own, so that the rules judge what one box has beyond the next as they
judge any two sets: a study can write any rule of eligibility, also one that a single patient meets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from riskset.analyses.analysis import Analysis, Result, reason_of
from riskset.analyses.cohort import ALL, SetId
from riskset.analyses.patients_by_arm import Arms, Patients, PatientsByArm
from riskset.catalogue import say
from riskset.study.asked.flow import FlowEntry
from riskset.study.flow_chart import boxes_of
from riskset.study.spec import Study

Json = dict[str, Any]

ID: Final = "flow"


@dataclass(frozen=True)
class Step:
    """A box as it is reported."""

    id: str
    label: str
    after: str | None
    """The box from which it continues; None for the first."""


@dataclass(frozen=True, kw_only=True)
class BoxOfFlow(PatientsByArm):
    """One box, or the patients who have a value of a variable."""

    kind: ClassVar[str] = "flow"

    def result_json(self, result: Patients) -> Json:
        return _counts_json(self.arms, result)


@dataclass(frozen=True, kw_only=True)
class Flow(PatientsByArm):
    """The box of the eligible patients, in whose result all others are printed."""

    kind: ClassVar[str] = "flow"

    steps: tuple[Step, ...]
    eligible: str
    """Id of its own step."""
    variables: tuple[str, ...]
    """Those that may be missing."""

    def result_json(self, result: Patients) -> Json:
        return {}

    def parts_json(self, result: Result, parts: Sequence[tuple[Analysis, Result]]) -> Json:
        found = {_name_of(part): of for part, of in parts} | {self.eligible: result}
        return {
            "steps": [
                {"id": step.id, "label": step.label, "after": step.after, **_counts_json(self.arms, found[step.id])}
                for step in self.steps
            ],
            "missing": [self._missing_json(name, result, found) for name in self.variables],
        }

    def _missing_json(self, variable: str, eligible: Result, found: Mapping[str, Result]) -> Json:
        having = found[_having(variable)]
        counts: Result = having
        if isinstance(having, Patients) and isinstance(eligible, Patients):
            pairs = zip(eligible.by_arm, having.by_arm, strict=True)
            counts = Patients(tuple(n - known for n, known in pairs))
        elif isinstance(having, Patients):
            counts = eligible
        return {"variable": variable, **_counts_json(self.arms, counts)}


def _counts_json(arms: Arms, result: Result) -> Json:
    if isinstance(result, Patients):
        by_arm = [{"level": level, "n": n} for level, n in zip(arms.levels, result.by_arm, strict=False)]
        return {"n": result.n, "by_arm": by_arm}
    return {
        "n": None,
        "by_arm": [{"level": level, "n": None} for level in arms.levels],
        "reason": reason_of(result),
    }


def planned(study: Study, name: str, entry: FlowEntry) -> Iterator[Analysis]:
    """Yields the eligible patients, then the other boxes and the patients who have each variable."""
    arms = Arms.of(study)
    *before, last = boxes_of(study)
    endpoints = _endpoints(study)
    variables = _variables(study, arms)
    yield Flow(
        id=ID,
        name=name,
        set_id=SetId(None, ALL, arms.variables),
        arms=arms,
        steps=tuple(_steps(study, endpoints)),
        eligible=last.id,
        variables=variables,
        is_one_way=True,
    )
    sets = {box.id: SetId(None, ALL, arms.variables, until=box.id) for box in before}
    for endpoint in endpoints:
        sets[_followed(endpoint)] = SetId(endpoint, ALL, arms.variables)
        sets[_complete(endpoint)] = SetId(endpoint)
    sets |= {_having(variable): SetId(None, ALL, (*arms.variables, variable)) for variable in variables}
    derived = {_having(variable) for variable in variables if study.variables[variable].is_derived}
    for step, set_id in sets.items():
        is_one_way = step not in derived
        yield BoxOfFlow(id=f"{ID}/{step}", name=name, set_id=set_id, part_of=ID, arms=arms, is_one_way=is_one_way)


def _steps(study: Study, endpoints: Sequence[str]) -> Iterator[Step]:
    after: str | None = None
    for box in boxes_of(study):
        yield Step(box.id, box.label, after)
        after = box.id
    for endpoint in endpoints:
        label = study.endpoint_label(endpoint)
        followed, complete = _followed(endpoint), _complete(endpoint)
        yield Step(followed, say("analyses.flow.followed", endpoint=label), after)
        yield Step(complete, say("analyses.flow.complete", endpoint=label), followed)


def _endpoints(study: Study) -> tuple[str, ...]:
    """Returns the endpoints that the study analyses, in the order of its endpoints."""
    asked = {name for entry in study.analyses.values() for name in entry.outcome_endpoints}
    return tuple(name for name in study.endpoints if name in asked)


def _variables(study: Study, arms: Arms) -> tuple[str, ...]:
    """Returns the variables that analyses of the study use, but the arm, in the order of the study."""
    asked = {name for entry in study.analyses.values() for name in entry.covariates}
    return tuple(name for name in study.variables if name in asked and name not in arms.variables)


def _followed(endpoint: str) -> str:
    return f"{endpoint}/follow-up"


def _complete(endpoint: str) -> str:
    return f"{endpoint}/complete"


def _having(variable: str) -> str:
    return f"having/{variable}"


def _name_of(part: Analysis) -> str:
    """Returns the name of a part: its id without the kind, and without the entry's name that another may have added."""
    return part.id.removeprefix(f"{ID}/").removesuffix(f"/{part.name}")
