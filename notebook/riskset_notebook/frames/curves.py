"""Curves in time as frames, and what is read from them."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import say
from riskset_notebook.columns import COUNT, NUMBER, TEXT, Json
from riskset_notebook.frames.part import ARM, Part, Row, Setting, arms_of, picked, reason_of

_LIMITS = {"std_error": NUMBER, "lower": NUMBER, "upper": NUMBER}
_KM = {
    **ARM,
    "day": NUMBER,
    "time": NUMBER,
    "at_risk": NUMBER,
    "events": NUMBER,
    "censored": NUMBER,
    "survival": NUMBER,
    **_LIMITS,
    "cumulative_hazard": NUMBER,
    "cumulative_hazard_std_error": NUMBER,
}
_INCIDENCE = {
    **ARM,
    "cause": TEXT,
    "day": NUMBER,
    "time": NUMBER,
    "at_risk": NUMBER,
    "events": NUMBER,
    "estimate": NUMBER,
    **_LIMITS,
}
_AT = {**ARM, "time": NUMBER, "day": NUMBER, "at_risk": NUMBER, "survival": NUMBER, **_LIMITS}
_HAZARD_AT = {"cumulative_hazard": NUMBER, "cumulative_hazard_std_error": NUMBER}
_INCIDENCE_AT = {**ARM, "cause": TEXT, "time": NUMBER, "day": NUMBER, "at_risk": NUMBER, "estimate": NUMBER, **_LIMITS}
_QUARTILE = {"probability": NUMBER, "estimate": NUMBER, "lower": NUMBER, "upper": NUMBER}
_TEST = {"chi2": NUMBER, "df": COUNT, "p": NUMBER}
_MEAN = {
    **ARM,
    "n": COUNT,
    "events": COUNT,
    "tau_days": NUMBER,
    "rmst_days": NUMBER,
    "se": NUMBER,
    "lower": NUMBER,
    "upper": NUMBER,
    "last_day": NUMBER,
}
_COMPARISON = {
    "measure": TEXT,
    "level": TEXT,
    "against": TEXT,
    "estimate": NUMBER,
    "se": NUMBER,
    "lower": NUMBER,
    "upper": NUMBER,
    "p": NUMBER,
}
_LOG_RANK = ("log_rank", "log_rank_by_site", "log_rank_by_strata")
_MEASURES = {"difference": "differences", "ratio": "ratios", "rmtl_ratio": "rmtl_ratios"}


def steps(arm: Json, curve: Json, setting: Setting) -> Iterator[Row]:
    """Yields one row for each element of the lists of a curve; of a curve without any, one row that says why."""
    why = reason_of(arm) or reason_of(arm, key="limits_reason")
    undefined = why or str(say("report.missing.no_limits"))
    for values in zip(*curve.values(), strict=True):
        step = dict(zip(curve, values, strict=True))
        reason = undefined if None in values else None
        yield {**step, "time": step["day"] / setting.days_per_unit, "reason": reason}
    if not curve["day"]:
        yield {"reason": why}


def _survival(result: Json, setting: Setting) -> Iterator[Row]:
    for arm in arms_of(result):
        whose = setting.arm(result["variable"], arm["level"])
        yield from ({**whose, **step} for step in steps(arm, arm["curve"], setting))


def _landmarks(result: Json, setting: Setting) -> Iterator[Row]:
    for arm in arms_of(result):
        for one in arm["landmarks"]:
            yield {**setting.arm(result["variable"], arm["level"]), **one, "reason": _undefined(one, arm)}


def _undefined(one: Json, arm: Json) -> str | None:
    """Returns why a number at a landmark is missing; None where none is."""
    if None not in one.values():
        return None
    why = reason_of(one, arm) or reason_of(arm, key="limits_reason")
    return why or str(say("report.missing.no_limits"))


def _incidence(result: Json, setting: Setting) -> Iterator[Row]:
    for arm in arms_of(result):
        for one in arm["causes"]:
            whose = {**setting.arm(result["variable"], arm["level"]), "cause": one["cause"]}
            yield from ({**whose, **step} for step in steps(arm, one["curve"], setting))


def _incidence_landmarks(result: Json, setting: Setting) -> Iterator[Row]:
    for arm in arms_of(result):
        for cause in arm["causes"]:
            whose = {**setting.arm(result["variable"], arm["level"]), "cause": cause["cause"]}
            yield from ({**whose, **one, "reason": _undefined(one, arm)} for one in cause["landmarks"])


def _quartiles(result: Json, setting: Setting) -> Iterator[Row]:
    for arm in arms_of(result):
        whose = setting.arm(result["variable"], arm["level"])
        for one in arm["quartiles"]:
            why = reason_of(arm) or reason_of(arm, key="limits_reason") or str(say("report.missing.not_reached"))
            reason = why if None in one.values() else None
            yield {**whose, **picked(arm, ("n", "events", "censored")), **one, "reason": reason}


def _log_rank(result: Json, setting: Setting) -> Iterator[Row]:
    reasons = {"log_rank": "log_rank_reason", "log_rank_by_site": "log_rank_reason"}
    for name in _LOG_RANK if result["status"] == "ok" else ():
        test, why = result.get(name), reason_of(result, key=reasons.get(name, "strata_reason"))
        if test is not None or why is not None:
            yield {"test": name, **picked(test, _TEST), "reason": why}


def _gray(result: Json, setting: Setting) -> Iterator[Row]:
    yield from ({**one, "reason": reason_of(one)} for one in result.get("gray") or ())


def _means(result: Json, setting: Setting) -> Iterator[Row]:
    tau = {"tau_days": result["tau_days"]}
    for arm in arms_of(result):
        reason = reason_of(arm) or reason_of(arm, key="limits_reason")
        yield {**setting.arm(result["variable"], arm["level"]), **arm, **tau, "reason": reason}


def _of_means(result: Json, setting: Setting) -> Iterator[Row]:
    for measure, key in _MEASURES.items():
        yield from ({"measure": measure, **one, "reason": reason_of(one)} for one in result.get(key) or ())


_QUARTILES = {**ARM, "n": COUNT, "events": COUNT, **_QUARTILE}
KM = {
    "curve": Part(_KM, _survival),
    "quartiles": Part(_QUARTILES, _quartiles),
    "landmarks": Part({**_AT, **_HAZARD_AT}, _landmarks),
    "tests": Part({"test": TEXT, **_TEST}, _log_rank),
}
CUMULATIVE_INCIDENCE = {
    "curve": Part(_INCIDENCE, _incidence),
    "landmarks": Part(_INCIDENCE_AT, _incidence_landmarks),
    "tests": Part({"cause": TEXT, **_TEST}, _gray),
}
FOLLOW_UP = {"quartiles": Part({**ARM, "n": COUNT, "censored": COUNT, **_QUARTILE}, _quartiles)}
RMST = {"means": Part(_MEAN, _means), "comparisons": Part(_COMPARISON, _of_means)}
