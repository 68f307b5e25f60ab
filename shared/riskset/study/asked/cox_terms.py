"""What a Cox entry may ask beside variables: interactions `arm:ecog`, splines of numbers, and a landmark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from riskset.catalogue import NOTHING, say
from riskset.errors import did_you_mean
from riskset.study.endpoints import DaysEndpoint
from riskset.study.entry import ascending
from riskset.study.references import Draft
from riskset.study.toml_lines import KeyPath
from riskset.study.toml_table import Complaint, Name
from riskset.study.variables import NumberVariable

_NAME = "[A-Za-z][A-Za-z0-9_-]{0,63}"
Term = Annotated[str, StringConstraints(pattern=f"^{_NAME}(:{_NAME})?$")]
"""The name of a variable, or of two with a colon between them: their interaction."""
Terms = Annotated[tuple[Term, ...], Field(min_length=1)]
Knots = Annotated[tuple[float, ...], Field(min_length=3, max_length=7)]
Splines = dict[Name, Knots]
NO_SPLINES: Final[Splines] = {}


def main_effects(terms: Iterable[str]) -> tuple[str, ...]:
    """Returns the terms that are variables."""
    return tuple(term for term in terms if ":" not in term)


def without(terms: Iterable[str], variable: str) -> tuple[str, ...]:
    """Returns the terms that do not use the variable."""
    return tuple(term for term in terms if variable not in term.split(":"))


def splines_in_order(splines: Splines) -> Splines:
    """Returns `splines`; rejects knots that are not ascending."""
    for name, knots in splines.items():
        ascending(name, knots)
    return splines


def wrong_interactions(
    draft: Draft, path: KeyPath, terms: Sequence[str], splines: Mapping[str, object]
) -> Iterator[Complaint]:
    """Yields what is wrong with the interactions of the list at `path`: the model has both variables by themselves, or
    the product would stand for one of them, and no spline of either."""
    seen: set[frozenset[str]] = set()
    for position, term in enumerate(terms):
        if ":" not in term:
            continue
        at, both = (*path, position), term.split(":")
        if len(set(both)) == 1:
            bends = isinstance(draft.variables.get(both[0]), NumberVariable)
            hint = say("study.cox.bends", name=both[0]) if bends else NOTHING
            yield Complaint(at, say("study.cox.with_itself", name=both[0]), hint)
        elif frozenset(both) in seen:
            yield Complaint(at, say("study.cox.interaction_twice", term=term))
        elif unknown := [name for name in both if name not in draft.variables]:
            for name in unknown:
                yield from draft.use(at, name)
        elif missing := tuple(name for name in both if name not in terms):
            yield Complaint(at, say("study.cox.no_main_effect", term=term, names=missing))
        elif curved := tuple(name for name in both if name in splines):
            yield Complaint(at, say("study.cox.curved_interaction", term=term, names=curved))
        seen.add(frozenset(both))


def wrong_landmark(
    draft: Draft, path: KeyPath, landmark: float | None, endpoints: Iterable[str]
) -> Iterator[Complaint]:
    """Yields what is wrong with the landmark at `path`: it is beyond the grid or within the first day, or of patients
    who enter late."""
    if landmark is None or draft.time is None:
        return
    unit, last = draft.time.unit_in_words, draft.time.grid.max_days
    if landmark * draft.time.days_per_unit > last:
        limit = last / draft.time.days_per_unit
        beyond = say("study.analysis.beyond_grid", time=landmark, unit=unit, last=last, limit=limit)
        yield Complaint(path, beyond)
    if landmark * draft.time.days_per_unit < 1:
        yield Complaint(path, say("study.cox.landmark_first_day", landmark=landmark, unit=unit))
    for name in endpoints:
        endpoint = draft.endpoints.get(name)
        if isinstance(endpoint, DaysEndpoint) and endpoint.entry is not None:
            yield Complaint(path, say("study.cox.landmark_entry", endpoint=name))


def wrong_splines(draft: Draft, path: KeyPath, splines: Splines, covariates: Sequence[str]) -> Iterator[Complaint]:
    """Yields what is wrong with the splines at `path`: a variable that is no covariate or no number, or knots beyond
    its range."""
    for name, knots in splines.items():
        if name not in covariates:
            nothing = say("study.cox.spline_of_nothing", name=name)
            yield Complaint((*path, name), nothing, did_you_mean(name, covariates))
            continue
        yield from draft.use((*path, name), name, "number")
        variable = draft.variables.get(name)
        if isinstance(variable, NumberVariable):
            low, high = variable.range
            for position, knot in enumerate(knots):
                if not low < knot < high:
                    yield Complaint((*path, name, position), say("study.cox.knot", knot=knot, low=low, high=high))
