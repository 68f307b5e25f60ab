"""Models as frames: one row for each coefficient, and what is tested about them."""

from __future__ import annotations

from collections.abc import Iterator

from riskset_notebook.columns import COUNT, NUMBER, TEXT, Json
from riskset_notebook.frames.part import COLUMN, Part, Row, Setting, picked, reason_of

_RATIO = {"hr": NUMBER, "lower": NUMBER, "upper": NUMBER, "z": NUMBER, "p": NUMBER}
_TERM = {**COLUMN, "coef": NUMBER, "se": NUMBER, "robust_se": NUMBER, "variance": TEXT, **_RATIO, "limits": TEXT}
_ODDS = {"odds_ratio": NUMBER, "lower": NUMBER, "upper": NUMBER, "z": NUMBER, "p": NUMBER}
_CHI2 = {"chi2": NUMBER, "df": COUNT, "p": NUMBER}
_LINEARITY = ("linearity", "likelihood_ratio")


def _terms(result: Json, setting: Setting) -> Iterator[Row]:
    """Of a model without coefficients its covariates; of a separated one the other coefficients, with the separated one
    at its limit."""
    at_limit = (result.get("under_separation") or {}).get("terms")
    found = result.get("terms") or at_limit
    if not found:
        yield from ({**setting.column({"variable": name})} for name in result.get("covariates", ()))
        return
    for term in found:
        yield {**term, **setting.column(term), "reason": reason_of(term) or reason_of(term, key="robust_reason")}
    for column in (result.get("reason") or {}).get("columns", ()):
        yield {**setting.column(column), "reason": reason_of(result)}


def _covariance(result: Json, setting: Setting) -> Iterator[Row]:
    named = [setting.column(term) for term in result.get("terms") or ()]
    for first, row in zip(named, result.get("covariance") or (), strict=True):
        for second, value in zip(named, row, strict=True):
            other = {"with_variable": second["variable"], "with_level": second["level"]}
            yield {**picked(first, ("variable", "level")), **other, "covariance": value}


def _tests(result: Json, setting: Setting) -> Iterator[Row]:
    for name, test in (result.get("tests") or {}).items():
        yield {"test": name, **picked(test, _CHI2)}
    if (test := result.get("weighted_log_rank")) is not None:
        yield {"test": "weighted_log_rank", **picked(test, _CHI2), "reason": reason_of(test)}


def _categories(result: Json, setting: Setting) -> Iterator[Row]:
    for one in result.get("categories") or ():
        yield {**one, "label": setting.labels.plain_variable(one["variable"]), "reason": reason_of(one)}


def _e_values(result: Json, setting: Setting) -> Iterator[Row]:
    yield from ({**one, "reason": reason_of(one)} for one in result.get("e_value") or ())


def _spline_curves(result: Json, setting: Setting) -> Iterator[Row]:
    for spline in result.get("splines") or ():
        named = {"variable": spline["variable"], "reference": spline["reference"]}
        yield from ({**named, **point} for point in spline["curve"] or ())
        if spline["curve"] is None:
            yield {**named, "reason": reason_of(spline)}


def _linearity(result: Json, setting: Setting) -> Iterator[Row]:
    for spline in result.get("splines") or ():
        for test in (name for name in _LINEARITY if name in spline):
            why = reason_of(spline, key=f"{test}_reason") or reason_of(spline)
            reason = why if spline[test] is None else None
            yield {"variable": spline["variable"], "test": test, **picked(spline[test], _CHI2), "reason": reason}


def _ph_tests(result: Json, setting: Setting) -> Iterator[Row]:
    for function, of in (result.get("ph_test") or {}).items():
        named = {"function": function}
        yield from ({**named, "of": "term", **one} for one in of["terms"] or ())
        yield from ({**named, "of": "variable", **one} for one in of["variables"] or ())
        yield {**named, "of": "global", **picked(of["global"], _CHI2), "reason": reason_of(of)}


def _concordance(result: Json, setting: Setting) -> Iterator[Row]:
    if (found := result.get("concordance")) is not None:
        yield {**found, "reason": reason_of(found)}


def _subgroups(result: Json, setting: Setting) -> Iterator[Row]:
    overall = result.get("overall")
    for one in [*(result.get("levels") or ()), *([] if overall is None else [overall])]:
        level = one.get("level")
        inner = one.get("interaction_model")
        yield {
            **one,
            "variable": result["variable"],
            "level": level,
            "level_label": setting.labels.arm(None, None)
            if level is None
            else setting.labels.arm(result["variable"], level),
            **picked(inner, _RATIO, "interaction_"),
            "reason": reason_of(one, inner),
        }


def _subgroup_arms(result: Json, setting: Setting) -> Iterator[Row]:
    overall = result.get("overall")
    for one in [*(result.get("levels") or ()), *([] if overall is None else [overall])]:
        named = {"variable": result["variable"], "level": one.get("level")}
        yield from ({**named, **arm} for arm in one["by_arm"])


def _interaction(result: Json, setting: Setting) -> Iterator[Row]:
    found = result.get("interaction") or {}
    for name in ("likelihood_ratio", "wald") if found else ():
        yield {"test": name, **picked(found[name], _CHI2), "reason": reason_of(found)}


def _preference(result: Json, setting: Setting) -> Iterator[Row]:
    found = result.get("preference") or {}
    for arm in found.get("arms") or ():
        whose = setting.arm(result["arm"]["variable"], arm["level"])
        for one in arm["intervals"]:
            yield {**whose, "interval": one["level"], "n": one["n"], "percent": one["percent"]}
    if "reason" in found:
        yield {"reason": reason_of(found)}


def _weight_limits(result: Json, setting: Setting) -> Iterator[Row]:
    yield from result.get("weights") or ()


_PH_TEST = {"function": TEXT, "of": TEXT, "variable": TEXT, "level": TEXT, **_CHI2}
_SPLINE = {"variable": TEXT, "reference": NUMBER, "at": NUMBER, "coef": NUMBER, "se": NUMBER}
_COVARIANCE = {"variable": TEXT, "level": TEXT, "with_variable": TEXT, "with_level": TEXT, "covariance": NUMBER}
_SUBGROUP = {"variable": TEXT, "level": TEXT, "level_label": TEXT, "n": COUNT, "events": COUNT}
COX = {
    "terms": Part(_TERM, _terms),
    "tests": Part({"test": TEXT, **_CHI2}, _tests),
    "categories": Part({"variable": TEXT, "label": TEXT, **_CHI2}, _categories),
    "covariance": Part(_COVARIANCE, _covariance),
    "e_value": Part({"variable": TEXT, "level": TEXT, "outcome": TEXT, "estimate": NUMBER, "limit": NUMBER}, _e_values),
    "splines": Part({**_SPLINE, "hr": NUMBER, "lower": NUMBER, "upper": NUMBER}, _spline_curves),
    "linearity": Part({"variable": TEXT, "test": TEXT, **_CHI2}, _linearity),
    "ph_test": Part(_PH_TEST, _ph_tests),
    "concordance": Part({"estimate": NUMBER, "se": NUMBER, "pairs": COUNT}, _concordance),
}
FINE_GRAY = {name: COX[name] for name in ("terms", "tests", "categories", "covariance")}
PROPENSITY = {
    "terms": Part({**COLUMN, "coef": NUMBER, "se": NUMBER, **_ODDS}, _terms),
    "preference": Part(
        {"variable": TEXT, "level": TEXT, "level_label": TEXT, "interval": TEXT, "n": COUNT, "percent": NUMBER},
        _preference,
    ),
    "weights": Part({"population": TEXT, "mean": NUMBER, "limit": NUMBER}, _weight_limits),
}
SUBGROUP = {
    "levels": Part(
        {
            **_SUBGROUP,
            "coef": NUMBER,
            "se": NUMBER,
            **_RATIO,
            **{f"interaction_{name}": type_ for name, type_ in _RATIO.items()},
        },
        _subgroups,
    ),
    "arms": Part({"variable": TEXT, "level": TEXT, "arm": TEXT, "n": COUNT, "events": COUNT}, _subgroup_arms),
    "interaction": Part({"test": TEXT, **_CHI2}, _interaction),
}
