"""Curves in time as frames, and what is read from them."""

from __future__ import annotations

from collections.abc import Iterator

from riskset.catalogue import say
from riskset_notebook.columns import COUNT, NUMBER, TEXT, Json
from riskset_notebook.frames.part import ARM, Part, Row, Setting, arms_of, picked, reason_of

_LIMITS = {"std_error": NUMBER, "lower": NUMBER, "upper": NUMBER}
_CURVE = {
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
_ESTIMATE = {"probability": NUMBER, "estimate": NUMBER, "lower": NUMBER, "upper": NUMBER}
_TEST = {"test": TEXT, "chi2": NUMBER, "df": COUNT, "p": NUMBER}
_LOG_RANK = ("log_rank", "log_rank_by_site", "log_rank_by_strata")


def _steps(result: Json, setting: Setting) -> Iterator[Row]:
    for arm in arms_of(result):
        columns = arm["curve"]
        names = [name for name in _CURVE if name in columns]
        for values in zip(*(columns[name] for name in names), strict=True):
            step = dict(zip(names, values, strict=True))
            why = reason_of(arm, {"reason": arm.get("limits_reason")})
            is_undefined = why is None and (step["lower"] is None or step["upper"] is None)
            time = {"time": step["day"] / setting.days_per_unit}
            reason = str(say("notebook.reason.not_defined")) if is_undefined else why
            yield {**setting.arm(result["variable"], arm["level"]), **step, **time, "reason": reason}
        if not columns["day"]:
            yield {**setting.arm(result["variable"], arm["level"]), "reason": reason_of(arm)}


def _landmarks(result: Json, setting: Setting) -> Iterator[Row]:
    for arm in arms_of(result):
        for one in arm["landmarks"]:
            yield {**setting.arm(result["variable"], arm["level"]), **one, "reason": reason_of(one, arm)}


def quartiles(result: Json, setting: Setting) -> Iterator[Row]:
    """Yields the quartiles of each arm and of all patients, in days."""
    for arm in arms_of(result):
        for one in arm["quartiles"]:
            is_open = any(one[key] is None for key in ("estimate", "lower", "upper"))
            why = reason_of(arm) or (str(say("notebook.reason.not_reached")) if is_open else None)
            counts = picked(arm, ("n", "events", "censored"))
            yield {**setting.arm(result["variable"], arm["level"]), **counts, **one, "reason": why}


def _tests(result: Json, setting: Setting) -> Iterator[Row]:
    for name in _LOG_RANK:
        if (test := result.get(name)) is not None:
            yield {"test": name, **picked(test, ("chi2", "df", "p"))}


KM = {
    "curve": Part(_CURVE, _steps),
    "quartiles": Part({**ARM, "n": COUNT, "events": COUNT, **_ESTIMATE}, quartiles),
    "landmarks": Part(
        {**ARM, "time": NUMBER, "day": NUMBER, "at_risk": NUMBER, "survival": NUMBER, **_LIMITS}, _landmarks
    ),
    "tests": Part(_TEST, _tests),
}
FOLLOW_UP = {"quartiles": Part({**ARM, "n": COUNT, "censored": COUNT, **_ESTIMATE}, quartiles)}
