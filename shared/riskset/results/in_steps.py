"""Ratios of a number for more than one unit of it, as a study asks to have them printed: `per` of a term."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log, prod
from typing import Any, Final

from riskset.analyses.analysis import LEVEL, NotEstimable, Result
from riskset.stats.arrays import finite
from riskset.stats.tails import two_sided_z

Json = dict[str, Any]
_RATIOS: Final = ("hr", "odds_ratio")
_PER: Final = "per"
_SMALLEST: Final = 1e-290  # below, a ratio has lost digits, or is 0


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
    of_one = term[ratio]
    coef = term.get("coef", log(of_one) if of_one else None)  # which terms of another package may lack
    numbers = {ratio: _ratio(units, coef)}
    for key, way in (("lower", -1), ("upper", 1)):
        if key in term:
            numbers[key] = _limit(term, key, way, units)
    return {**term, _PER: {"units": units} | numbers}


def _limit(term: Mapping[str, Any], key: str, way: int, units: float) -> float | None:
    """Returns a limit for so many units; where that of one unit is beyond the floats, from the coefficient and the
    error that the limits are from."""
    of_one, coef = term[key], term.get("coef")
    if of_one is not None and of_one > _SMALLEST:
        return _ratio(units, log(of_one))
    error = term.get("se" if term.get("variance", "model") == "model" else "robust_se")
    if coef is None or error is None or term.get("limits") == "profile":
        return None
    return _ratio(units, coef + way * two_sided_z(LEVEL) * error)


def _ratio(units: float, coef: float | None) -> float | None:
    """Returns the ratio of a logarithm for one unit; None where there is none, or it is too large for a number."""
    try:
        return None if coef is None else finite(exp(units * coef))
    except OverflowError:
        return None
