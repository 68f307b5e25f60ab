"""Ratios of a number for more than one unit of it, as a study asks to have them printed: `per` of a term."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any, Final

from riskset.analyses.analysis import NotEstimable, Result
from riskset.stats.arrays import finite

Json = dict[str, Any]
_RATIOS: Final = ("hr", "odds_ratio")
_PER: Final = "per"


def step_of(variable: str, steps: Mapping[str, float]) -> float | None:
    """Returns the units for which a term's ratio is printed: of a product of numbers, the product of theirs. None where
    the study asks for none."""
    found = [steps[name] for name in variable.split(":") if name in steps]
    return prod(found) if found else None


def in_steps(found: Json, steps: Mapping[str, float]) -> Json:
    """Returns the keys of a result, each of its terms with `per` where the study asks for it: the units, and the ratio
    with its limits for so many, that is those of one unit raised to that power."""
    if not steps:
        return found
    changed = dict(found)
    if "terms" in found:
        changed["terms"] = [_with_step(term, steps) for term in found["terms"]]
    if found.get("under_separation"):
        rest = found["under_separation"]
        changed["under_separation"] = rest | {"terms": [_with_step(term, steps) for term in rest["terms"]]}
    if found.get("reason", {}).get("limit"):
        changed["reason"] = found["reason"] | {"limit": _with_step(found["reason"]["limit"], steps)}
    return changed


def end_in_steps(end: Result, steps: Mapping[str, float]) -> Result:
    """Returns the end of an analysis; one without an estimate in the words of these steps."""
    return end.in_units(lambda variable: step_of(variable, steps)) if isinstance(end, NotEstimable) else end


def _with_step(term: Any, steps: Mapping[str, float]) -> Any:  # noqa: ANN401 - of any kind of analysis
    """Returns a term with its numbers for a step; itself if it is none of a number with a step."""
    if not isinstance(term, Mapping) or not isinstance(term.get("variable"), str):
        return term
    units, ratio = step_of(term["variable"], steps), next((key for key in _RATIOS if key in term), None)
    if units is None or ratio is None:
        return term
    keys = [key for key in (ratio, "lower", "upper") if key in term]
    return {**term, _PER: {"units": units} | {key: _power(term[key], units) for key in keys}}


def _power(value: float | None, units: float) -> float | None:
    """Returns a ratio for so many units; None where it is too large for a number."""
    try:
        return None if value is None else finite(value**units)
    except OverflowError:
        return None
