"""Who the patients are, as frames: the flow chart, the baseline, its balance, and shares of patients."""

from __future__ import annotations

from collections.abc import Iterator

from riskset_notebook.columns import COUNT, NUMBER, TEXT, TRUTH, Json
from riskset_notebook.frames.part import ARM, Part, Row, Setting, arms_of, picked, reason_of

_SHARE = {**ARM, "n": COUNT, "of": COUNT, "percent": NUMBER}
_INTERVAL = {"lower": NUMBER, "upper": NUMBER}
_COMPARISON = {"level": TEXT, "against": TEXT, "measure": TEXT, "estimate": NUMBER, **_INTERVAL, "p": NUMBER}
_MEASURES = ("difference", "odds_ratio", "risk_ratio")


def _boxes(result: Json, setting: Setting) -> Iterator[Row]:
    for box in result["steps"]:
        named = picked(box, ("id", "label", "after"))
        for arm in (*box["by_arm"], {"level": None, "n": box["n"]}):
            whose = setting.arm(result["variable"], arm["level"])
            yield {**named, **whose, "n": arm["n"], "reason": reason_of(arm, box)}


def _missing(result: Json, setting: Setting) -> Iterator[Row]:
    for one in result["missing"]:
        named = {"of": one["variable"], "label": setting.labels.plain_variable(one["variable"])}
        for arm in (*one["by_arm"], {"level": None, "n": one["n"]}):
            yield {
                **named,
                **setting.arm(result["variable"], arm["level"]),
                "n": arm["n"],
                "reason": reason_of(arm, one),
            }


def _baseline(result: Json, setting: Setting) -> Iterator[Row]:
    for one in result.get("variables") or ():
        named = {**picked(one, ("variable", "type", "unit", "scale")), "unit": one.get("unit") or None}
        named["label"] = setting.labels.plain_variable(one["variable"])
        for arm in one["arms"]:
            column = {"arm": arm["level"], "missing": arm.get("missing")}
            quartiles = arm.get("quartiles")
            by_arm = reason_of(one, key="arms_reason") if arm["level"] != "all" else None
            reason = reason_of(arm, one) or by_arm
            numbers = picked(quartiles, ("p25", "p50", "p75", "width"))
            own = {**named, **column, **picked(arm, ("n", "effective_n", "mean", "sd")), **numbers}
            if "levels" not in arm:
                yield {**own, "reason": reason or reason_of(quartiles)}
            for level in arm.get("levels") or ():
                text = setting.labels.level(one["variable"], level["level"])
                counts = picked(level, ("level", "n", "percent"))
                yield {**named, **column, **counts, "level_label": text, "reason": reason_of(level) or reason}


def _columns(result: Json, setting: Setting) -> Iterator[Row]:
    yield from ({**one, "arm": one["level"], "reason": reason_of(one)} for one in result.get("n") or ())


def _differences(result: Json, setting: Setting) -> Iterator[Row]:
    for one in result.get("variables") or ():
        for of in one.get("smd") or ():
            yield {"variable": one["variable"], **of, "reason": reason_of(of)}
        if not one.get("smd") and (why := reason_of(one) or reason_of(one, key="arms_reason")):
            yield {"variable": one["variable"], "reason": why}


def _baseline_tests(result: Json, setting: Setting) -> Iterator[Row]:
    for one in result.get("variables") or ():
        for name, test in (one.get("tests") or {}).items():
            statistic = next((test[key] for key in ("t", "chi2") if test.get(key) is not None), None)
            why = reason_of(test)
            yield {"variable": one["variable"], "test": name, **test, "statistic": statistic, "reason": why}


def _balance(result: Json, setting: Setting) -> Iterator[Row]:
    for one in result.get("variables") or ():
        level = one["level"]
        yield {
            "variable": one["variable"],
            "level": level,
            "label": setting.labels.plain_variable(one["variable"]),
            "level_label": None if level is None else setting.labels.level(one["variable"], level),
            **picked(one["before"], ("smd", "variance_ratio"), "before_"),
            **picked(one["after"], ("smd", "variance_ratio"), "after_"),
            "reason": reason_of(one, one["before"], one["after"]),
        }


def _gates(result: Json, setting: Setting) -> Iterator[Row]:
    yield from result.get("gates") or ()


def _rates(result: Json, setting: Setting) -> Iterator[Row]:
    for rate in result.get("rates") or ():
        for arm in arms_of(rate):
            yield {
                "rate": rate["rate"],
                **arm,
                **setting.arm(result["variable"], arm["level"]),
                **picked(arm.get("clopper_pearson"), _INTERVAL, "clopper_pearson_"),
                **picked(arm.get("wilson"), _INTERVAL, "wilson_"),
                "reason": reason_of(arm),
            }


def _compared(comparison: Json) -> Iterator[Row]:
    """Yields each measure of an arm against the reference; Fisher's odds ratio has the test's P value."""
    named = picked(comparison, ("level", "against"))
    for measure in _MEASURES:
        if (found := comparison.get(measure)) is not None:
            yield {**named, "measure": measure, **found, "reason": reason_of(found)}
    if (exact := comparison.get("fisher")) is not None:
        yield {**named, "measure": "fisher", **exact, "estimate": exact.get("odds_ratio"), "reason": reason_of(exact)}


def _of_rates(result: Json, setting: Setting) -> Iterator[Row]:
    for rate in result.get("rates") or ():
        for comparison in rate["comparisons"]:
            yield from ({"rate": rate["rate"], **one} for one in _compared(comparison))
            if "cmh" in comparison:
                yield from ({"rate": rate["rate"], **one} for one in _within_sites(comparison))


def _within_sites(comparison: Json) -> Iterator[Row]:
    named, cmh = picked(comparison, ("level", "against")), comparison["cmh"]
    yield {**named, "measure": "cmh", **picked(cmh, ("chi2", "p")), "df": 1, "reason": reason_of(cmh)}
    for measure in ("odds_ratio", "risk_difference", "risk_difference_informative"):
        yield {**named, "measure": f"cmh/{measure}", **(cmh[measure] or {}), "reason": reason_of(cmh[measure], cmh)}
    homogeneity = comparison["breslow_day"]
    for measure, test in (("breslow_day", homogeneity), ("tarone", homogeneity["tarone"])):
        yield {**named, "measure": measure, **picked(test, ("chi2", "df", "p")), "reason": reason_of(homogeneity)}


def _events(result: Json, setting: Setting) -> Iterator[Row]:
    for term, grade in _grades(result):
        for arm in arms_of(grade):
            whose = setting.arm(result["variable"], arm["level"])
            yield {"term": term, "grade": grade["grade"], **arm, **whose, "reason": reason_of(arm)}


def _of_events(result: Json, setting: Setting) -> Iterator[Row]:
    for term, grade in _grades(result):
        named = {"term": term, "grade": grade["grade"]}
        for comparison in grade["comparisons"]:
            yield from ({**named, **one} for one in _compared(comparison))


def _grades(result: Json) -> Iterator[tuple[str | None, Json]]:
    """Yields each term with each of its grades; no term for patients with any."""
    yield from ((None, grade) for grade in result.get("any") or ())
    for one in result.get("terms") or ():
        yield from ((one["term"], grade) for grade in one["grades"])


_VALUES = {"variable": TEXT, "label": TEXT, "type": TEXT, "unit": TEXT, "scale": TEXT, "arm": TEXT, "level": TEXT}
_NUMBERS = ("percent", "mean", "sd", "p25", "p50", "p75", "width")
FLOW = {
    "boxes": Part({"id": TEXT, "label": TEXT, "after": TEXT, **ARM, "n": COUNT}, _boxes),
    "missing": Part({"of": TEXT, "label": TEXT, **ARM, "n": COUNT}, _missing),
}
TABLE1 = {
    "variables": Part(
        {
            **_VALUES,
            "level_label": TEXT,
            "n": COUNT,
            "effective_n": COUNT,
            "missing": COUNT,
            **dict.fromkeys(_NUMBERS, NUMBER),
        },
        _baseline,
    ),
    "patients": Part({"arm": TEXT, "n": COUNT, "effective_n": COUNT}, _columns),
    "smd": Part({"variable": TEXT, "arm": TEXT, "against": TEXT, "definition": TEXT, "value": NUMBER}, _differences),
    "tests": Part(
        {
            "variable": TEXT,
            "test": TEXT,
            "statistic": NUMBER,
            "df": NUMBER,
            "p": NUMBER,
            "odds_ratio": NUMBER,
            **_INTERVAL,
        },
        _baseline_tests,
    ),
}
_BALANCE = ("before_smd", "before_variance_ratio", "after_smd", "after_variance_ratio")
BALANCE = {
    "variables": Part(
        {"variable": TEXT, "level": TEXT, "label": TEXT, "level_label": TEXT, **dict.fromkeys(_BALANCE, NUMBER)},
        _balance,
    ),
    "gates": Part({"gate": TEXT, "limit": NUMBER, "found": NUMBER, "passed": TRUTH}, _gates),
}
_EXACT = ("clopper_pearson_lower", "clopper_pearson_upper", "wilson_lower", "wilson_upper")
RESPONSE = {
    "rates": Part({"rate": TEXT, **_SHARE, **dict.fromkeys(_EXACT, NUMBER)}, _rates),
    "comparisons": Part({"rate": TEXT, **_COMPARISON, "chi2": NUMBER, "df": COUNT}, _of_rates),
}
BY_SITE = {"comparisons": RESPONSE["comparisons"]}
ADVERSE_EVENTS = {
    "events": Part({"term": TEXT, "grade": TEXT, **_SHARE}, _events),
    "comparisons": Part({"term": TEXT, "grade": TEXT, **_COMPARISON}, _of_events),
}
