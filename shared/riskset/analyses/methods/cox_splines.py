"""Restricted cubic splines in a Cox model: the test that a number's effect is linear, and its curve.

A spline is columns of the design like any other (`disclosure/composed.py`), so the fit needs nothing new. The test and
the curve follow from coefficients and covariance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.analysis import reason_of
from riskset.analyses.design import columns_of, knots_of
from riskset.analyses.methods.cox_fit import CoxFit, Linearity, ratio_of, wald_test
from riskset.disclosure.composed import restricted_cubic
from riskset.disclosure.exposure import Column
from riskset.stats.arrays import finite
from riskset.study.spec import NumberVariable, Study

POINTS: Final = 41
"""Of a curve, evenly from the first knot to the last; beyond them it is straight."""


@dataclass(frozen=True)
class Spline:
    """A number of a model whose effect may bend."""

    number: Column
    parts: tuple[Column, ...]
    knots: tuple[float, ...]
    """In the unit of the study file."""
    scaled_knots: tuple[float, ...]
    """On the scale of the model."""
    at: tuple[float, ...]
    """Where the curve is evaluated, in the unit of the study file."""
    scaled_at: tuple[float, ...]

    @property
    def reference(self) -> float:
        """The middle knot (of an even number, the lower of the two), at which the curve is 0."""
        return self.knots[(len(self.knots) - 1) // 2]

    def basis(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Returns the columns at `x`, on the scale of the model, (len(x), 1 + parts)."""
        curved = [restricted_cubic(x, self.scaled_knots, i) for i in range(len(self.parts))]
        return np.column_stack([x, *curved])

    @property
    def contrasts(self) -> NDArray[np.float64]:
        """The columns at each point of the curve less those at the reference."""
        middle = self.scaled_knots[(len(self.knots) - 1) // 2]
        return self.basis(np.array(self.scaled_at)) - self.basis(np.array([middle]))


def splines_of(study: Study, terms: Sequence[str], splines: Mapping[str, Sequence[float]]) -> tuple[Spline, ...]:
    """Returns the splines of a model with these terms, in its order."""
    return tuple(_spline(study, name, tuple(splines[name])) for name in terms if name in splines)


def _spline(study: Study, name: str, knots: tuple[float, ...]) -> Spline:
    number, *parts = columns_of(study, [name], {name: knots})
    variable = study.variables[name]
    assert isinstance(variable, NumberVariable)
    at = np.linspace(knots[0], knots[-1], POINTS)
    scaled_at = variable.transformed(at).tolist()
    return Spline(number, tuple(parts), knots, knots_of(study, name, knots), tuple(at.tolist()), tuple(scaled_at))


def splines_json(splines: Sequence[Spline], fit: CoxFit) -> dict[str, Any]:
    """Returns the key `splines` of a model that has any."""
    return {"splines": [_json(spline, fit) | _likelihood_ratio(spline, fit) for spline in splines]} if splines else {}


def _json(spline: Spline, fit: CoxFit) -> dict[str, Any]:
    head = {"variable": spline.number.variable, "knots": list(spline.knots), "reference": spline.reference}
    position = {term.column: i for i, term in enumerate(fit.terms)}
    columns = (spline.number, *spline.parts)
    if lost := [column for column in columns if column not in position]:
        why = fit.why_not_used(lost[0])
        reason = {"code": why.code, "message": why.message}
        return head | {"linearity": None, "curve": None, "reason": reason}
    which = [position[column] for column in columns]
    coef = np.array([fit.terms[i].coef for i in which])
    covariance = np.array(fit.covariance)[np.ix_(which, which)]
    return head | {"linearity": _linearity(coef, covariance), "curve": _curve(spline, coef, covariance)}


def _likelihood_ratio(spline: Spline, fit: CoxFit) -> dict[str, Any]:
    """Returns the keys of the likelihood-ratio test of linearity, where the study asks for it."""
    end = fit.linearity.get(spline.number.variable)
    if end is None:
        return {}
    if isinstance(end, Linearity):
        return {"likelihood_ratio": asdict(end.test)}
    return {"likelihood_ratio": None, "likelihood_ratio_reason": reason_of(end)}


def _linearity(coef: NDArray[np.float64], covariance: NDArray[np.float64]) -> dict[str, Any]:
    """Returns Wald's test that all curved parts are 0."""
    return asdict(wald_test(coef[1:], covariance[1:, 1:]))


def _curve(spline: Spline, coef: NDArray[np.float64], covariance: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Returns the log hazard ratio against the reference, its error, and the hazard ratio with Wald's limits."""
    contrasts = spline.contrasts
    logs = contrasts @ coef
    errors = [sqrt(max(float(c @ covariance @ c), 0.0)) for c in contrasts]
    points = []
    for at, log, se in zip(spline.at, logs.tolist(), errors, strict=True):
        hr, lower, upper = map(finite, ratio_of(log, se))
        points.append({"at": at, "coef": log, "se": se, "hr": hr, "lower": lower, "upper": upper})
    return points
