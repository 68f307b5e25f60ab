"""Why eligible patients are not analysed: the reasons that are counted, and what they come to for one analysis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from riskset.analyses.cohort import SetId
from riskset.study.spec import Study

NO_FOLLOW_UP: Final = "no follow-up"
INCOMPLETE: Final = "missing covariate"
BEFORE_LANDMARK: Final = "before landmark"
MISSING: Final = "missing"
NOT_ADJUSTED: Final = "not in population"
"""Of an adjusted population: complete, but unmatched, trimmed, or at a hospital with one arm only."""
COSTLY: Final = 0.05
"""A variable that is missing for a larger share of the eligible patients is named, with what keeps them."""


@dataclass(frozen=True)
class Reason:
    """One count of eligible patients."""

    code: str
    """`NO_FOLLOW_UP` to an endpoint; `INCOMPLETE`: with follow-up, but without a value that a set needs;
    `BEFORE_LANDMARK`: with both, but no longer at risk at the landmark of a set; `MISSING`: without a value of a
    variable, whatever else is known."""
    of: str
    """The endpoint, the set or the variable."""
    sets: tuple[str, ...]
    """The sets that lose patients for this reason."""

    @property
    def key(self) -> tuple[str, str]:
        """Its key in a hospital's counts."""
        return self.code, self.of


@dataclass(frozen=True)
class Excluded:
    """The eligible patients who are not in the set of an analysis."""

    by_reason: Mapping[str, int | None]
    """Patients by `NO_FOLLOW_UP`, `INCOMPLETE`, `BEFORE_LANDMARK` and `NOT_ADJUSTED`, each once; None where a hospital
    withholds a small count."""
    missing: Mapping[str, int | None]
    """By variable that the set needs: eligible patients without a value; one patient may lack several."""

    def beside(self, code: str, n: int) -> Excluded:
        """Returns them with n more, for another reason."""
        return replace(self, by_reason={**self.by_reason, code: n})

    def any(self, code: str) -> bool:
        """Whether patients left for this reason, or may have."""
        return self.by_reason.get(code, 0) != 0

    def costly(self, analysed: int) -> tuple[str, ...]:
        """Returns the variables that are missing for more than `COSTLY` of the eligible patients."""
        eligible = analysed + sum(n or 0 for n in self.by_reason.values())
        return tuple(name for name, n in self.missing.items() if n is not None and n > COSTLY * eligible)

    def to_json(self) -> list[dict[str, Any]]:
        """Returns the list as written to results.json."""
        variables = [{"variable": name, "n": n} for name, n in self.missing.items() if n != 0]
        return [
            {"reason": code, "n": n} | ({"variables": variables} if code == INCOMPLETE and n != 0 else {})
            for code, n in self.by_reason.items()
        ]


def variables_of(set_id: SetId, study: Study) -> tuple[str, ...]:
    """Returns the variables in which the rows of a set are complete: the set's own, or all covariates of its endpoint's
    models."""
    if set_id.complete_in is not None:
        return set_id.complete_in
    return () if set_id.endpoint is None else study.covariates_of(set_id.endpoint)


def reasons_of(study: Study, sets: Iterable[SetId]) -> Iterator[Reason]:
    """Yields what is counted: follow-up once for each endpoint, the rest once for each set, values once a variable."""
    sets = tuple(set_id for set_id in sets if set_id.until is None)
    for endpoint in dict.fromkeys(s.endpoint for s in sets if s.endpoint is not None):
        yield Reason(NO_FOLLOW_UP, endpoint, tuple(s.name for s in sets if s.endpoint == endpoint))
    needed = {set_id.name: variables_of(set_id, study) for set_id in sets}
    yield from (Reason(INCOMPLETE, name, (name,)) for name, variables in needed.items() if variables)
    yield from (Reason(BEFORE_LANDMARK, s.name, (s.name,)) for s in sets if s.landmark_days is not None)
    for variable in dict.fromkeys(v for variables in needed.values() for v in variables):
        yield Reason(MISSING, variable, tuple(name for name, variables in needed.items() if variable in variables))


def excluded_from(set_name: str, counted: Mapping[Reason, int | None]) -> Excluded | None:
    """Returns who is not in a set; None where that was not counted."""
    of = {reason: n for reason, n in counted.items() if set_name in reason.sets}
    if not of:
        return None
    return Excluded(
        {reason.code: n for reason, n in of.items() if reason.code != MISSING},
        {reason.of: n for reason, n in of.items() if reason.code == MISSING},
    )
