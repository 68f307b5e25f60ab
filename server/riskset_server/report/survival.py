"""What a Kaplan-Meier figure says: its curves in the study's unit and its sentences, nothing of how they are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskset_server.report import notation
from riskset_server.report.labels import Labels

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """One arm. Arrays of equal length, one entry a step of the grid at which somebody left, in increasing order."""

    label: str
    is_reference: bool
    days: Floats
    survival: Floats
    """Just after the day, 0 to 1; NaN in the limits where they are not defined."""
    lower: Floats
    upper: Floats
    at_risk: Floats
    """Just before the day."""
    median_days: float | None
    """`None` when not reached."""

    def steps(self, values: Floats) -> Floats:
        """`values` (survival, or a limit) as steps from (0, 1) to the last day: (2 n + 1, 2), day and value."""
        days = np.repeat(np.concatenate([[0.0], self.days]), 2)[1:]
        return np.column_stack([days, np.repeat(np.concatenate([[1.0], values]), 2)[:-1]])

    def at_risk_before(self, day: float) -> float:
        """Nobody leaves between the steps, so it is the number at risk of the next step."""
        step = int(np.searchsorted(self.days, day))
        return float(self.at_risk[step]) if step < len(self.at_risk) else 0.0


@dataclass(frozen=True)
class SurvivalPlot:
    """All that is drawn and written on one figure."""

    title: str
    x_label: str
    y_label: str
    unit: str
    days_per_unit: float
    curves: tuple[Curve, ...]
    statistics: tuple[str, ...]
    """Lines of the text box: medians, hazard ratios, log-rank tests."""
    footnote: str
    notices: str = ""
    """What must be shown with the figure, also where it is copied from the page."""

    def at_risk(self, curve: Curve, time: float) -> float:
        """Just before `time`, which is in the unit, as landmarks count it."""
        return curve.at_risk_before(time * self.days_per_unit)


def survival_plot(result: Mapping[str, Any], results: Mapping[str, Any], labels: Labels) -> SurvivalPlot:
    """The figure of one `km` result; `results` gives the unit of time and the Cox model with the arm's hazard ratio."""
    endpoint, time = labels.endpoint(result["endpoint"]), results["time"]
    arms = result["arms"] or [result["overall"]]
    unit, origin = time["unit"], labels.origins.get(result["endpoint"])
    model = _model_of_arm(result, results["results"])
    return SurvivalPlot(
        title=survival_title(result, labels),
        x_label=f"{unit.capitalize()}s since {origin}" if origin else f"Time, {unit}s",
        y_label=f"{endpoint} (%)",
        unit=unit,
        days_per_unit=time["days_per_unit"],
        curves=tuple(_curve(arm, result, labels) for arm in arms),
        statistics=(*_medians(arms, result, labels, time), *_comparison(result, model, labels)),
        footnote=_footnote(result, model),
        notices=" ".join(results.get("notices", ())),
    )


def survival_title(result: Mapping[str, Any], labels: Labels) -> str:
    """What a `km` result is of, whether it is given or not."""
    return f"{labels.endpoint(result['endpoint'])}, {labels.population(result['population'])}"


def _curve(arm: Mapping[str, Any], result: Mapping[str, Any], labels: Labels) -> Curve:
    curve = arm["curve"]
    return Curve(
        label=labels.arm(result.get("variable"), arm["level"]),
        is_reference=arm["level"] is not None and arm["level"] == result.get("reference"),
        days=_floats(curve["day"]),
        survival=_floats(curve["survival"]),
        lower=_floats(curve["lower"]),
        upper=_floats(curve["upper"]),
        at_risk=_floats(curve["at_risk"]),
        median_days=arm["median_days"]["estimate"],
    )


def _floats(column: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)


def _model_of_arm(result: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The Cox model of the same patients that gives the arm's hazard ratio: alone if there is one, else adjusted; of
    several analyses the study's first."""
    variable = result.get("variable")
    of_arm = [
        model
        for model in results
        if model["kind"] == "cox"
        and model["status"] == "ok"
        and (model["endpoint"], model["population"]) == (result["endpoint"], result["population"])
        and any(term["variable"] == variable for term in model["terms"])
    ]
    return min(of_arm, key=_univariable_first, default=None)


def _univariable_first(model: Mapping[str, Any]) -> tuple[bool, int]:
    return model["model"] != "univariable", len({term["variable"] for term in model["terms"]})


def _medians(
    arms: Sequence[Mapping[str, Any]], result: Mapping[str, Any], labels: Labels, time: Mapping[str, Any]
) -> list[str]:
    interval = notation.confidence(result["level"])
    medians = [notation.time_with_limits(arm["median_days"], time["unit"], time["days_per_unit"]) for arm in arms]
    names = [labels.arm(result.get("variable"), arm["level"]) for arm in arms]
    return [f"Median ({interval}), {time['unit']}s", *(f"{n}\u2002{m}" for n, m in zip(names, medians, strict=True))]


def _comparison(result: Mapping[str, Any], model: Mapping[str, Any] | None, labels: Labels) -> list[str]:
    """Hazard ratios and log-rank tests, after an empty line; nothing where there is one arm only."""
    lines = [*_hazard_ratios(result, model, labels), *_log_rank(result)]
    return ["", *lines] if lines else []


def _hazard_ratios(result: Mapping[str, Any], model: Mapping[str, Any] | None, labels: Labels) -> list[str]:
    if model is None:
        return []
    name = "HR" if _is_alone(model) else "Adjusted HR"
    terms = [term for term in model["terms"] if term["variable"] == result["variable"]]
    names = [name] if len(terms) == 1 else [f"{name}, {labels.arm(t['variable'], t['level'])}" for t in terms]
    return [f"{name} {_ratio(term)}" for name, term in zip(names, terms, strict=True)]


def _ratio(term: Mapping[str, Any]) -> str:
    if term["coef"] is None:
        return notation.NOT_ESTIMABLE
    return notation.ratio(term["hr"], term["lower"], term["upper"]).replace("(", "(95% CI ")


def _log_rank(result: Mapping[str, Any]) -> list[str]:
    lines = []
    if result.get("log_rank"):
        lines.append(f"Log-rank {notation.p_phrase(result['log_rank']['p'])}")
    if result.get("log_rank_by_site"):
        lines.append(f"Log-rank by site {notation.p_phrase(result['log_rank_by_site']['p'])}")
    return lines


def _is_alone(model: Mapping[str, Any]) -> bool:
    return len({term["variable"] for term in model["terms"]}) == 1


def _footnote(result: Mapping[str, Any], model: Mapping[str, Any] | None) -> str:
    """How the figure was made: numbers, grid, limits, and the model of the hazard ratio."""
    overall, arms = result["overall"], result["arms"]
    sentences = [
        f"{notation.count(overall['n'])} patients, {notation.count(overall['events'])} events.",
        f"Kaplan-Meier on {_grid(result['grid'])};",
        f"bands and intervals: pointwise {notation.confidence(result['level'])}, {result['limits']} limits;",
        "numbers at risk: just before the time.",
    ]
    if model is not None:
        covariates = "no other covariate" if _is_alone(model) else "the covariates of the multivariable model"
        sentences.append(f"HR: Cox model with one baseline hazard per site and {covariates}.")
    if any(arm["median_days"][key] is None for arm in arms or [overall] for key in ("estimate", "lower", "upper")):
        sentences.append("NR, not reached.")
    return " ".join(sentences)


def _grid(grid: Mapping[str, Any]) -> str:
    width = "whole days" if grid["width_days"] == 1 else f"a grid of {grid['width_days']} days"
    rounded = ", late entries rounded down to it (approximate)" if grid.get("approximate") else ""
    return f"{width}{rounded}, up to day {grid['max_days']}"
