"""Hazard ratios by site as frames, and how they are combined."""

from __future__ import annotations

from collections.abc import Iterator

from riskset_notebook.columns import COUNT, NUMBER, TEXT, Json
from riskset_notebook.frames.part import Part, Row, Setting, picked, reason_of

_RATIO = {"coef": NUMBER, "se": NUMBER, "hr": NUMBER, "hr_lower": NUMBER, "hr_upper": NUMBER}
_TEST = {"chi2": NUMBER, "df": COUNT, "p": NUMBER}
_METHODS = ("common", "fixed", "dersimonian_laird", "reml", "paule_mandel")


def _sites(result: Json, setting: Setting) -> Iterator[Row]:
    for one in result.get("sites") or ():
        yield {**one, "label": setting.labels.sites.get(one["site"], one["site"]), "reason": reason_of(one)}
    if result["status"] == "ok" and not result["sites"]:
        yield {"reason": reason_of(result, key="sites_reason")}


def _methods(result: Json, setting: Setting) -> Iterator[Row]:
    for name in _METHODS:
        if (found := result.get(name)) is None:
            continue
        yield _method(name, found)
        if (adjusted := found.get("hartung_knapp")) is not None:
            yield _method(f"{name}/hartung_knapp", {**picked(found, ("tau2", "i2")), **adjusted})


def _method(name: str, found: Json) -> Row:
    prediction = found.get("prediction")
    limits = picked(prediction, ("hr_lower", "hr_upper"), "prediction_")
    return {"method": name, **found, **limits, "reason": reason_of(found, prediction)}


def _tests(result: Json, setting: Setting) -> Iterator[Row]:
    if result["status"] != "ok":
        return
    by_site = result["treatment_by_site"]["likelihood_ratio"]
    for name, test in (("q", result["q"]), ("treatment_by_site", by_site)):
        reason = reason_of(test, result["treatment_by_site"] if name == "treatment_by_site" else None)
        yield {"test": name, **picked(test, _TEST), "reason": reason}


def _left_out(result: Json, setting: Setting) -> Iterator[Row]:
    yield from ({**one, "reason": reason_of(one)} for one in result.get("leave_one_out") or ())


SITE_HETEROGENEITY = {
    "sites": Part(
        {"site": TEXT, "label": TEXT, "n": COUNT, "events": COUNT, **_RATIO, "z": NUMBER, "p": NUMBER}, _sites
    ),
    "methods": Part(
        {
            "method": TEXT,
            **_RATIO,
            "p": NUMBER,
            "tau2": NUMBER,
            "i2": NUMBER,
            "prediction_hr_lower": NUMBER,
            "prediction_hr_upper": NUMBER,
        },
        _methods,
    ),
    "tests": Part({"test": TEXT, **_TEST}, _tests),
    "leave_one_out": Part({"without": TEXT, **_RATIO, "z": NUMBER, "p": NUMBER}, _left_out),
}
