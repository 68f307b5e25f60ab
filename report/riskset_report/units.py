"""The unit of each number of results.json, by its place there."""

from __future__ import annotations

import re
from typing import Final

from riskset.study.asked import OWN
from riskset.study.spec import NumberVariable, Study
from riskset_report.missing_numbers import Inside

NONE: Final = "1"
"""Of a number without a unit: counts, probabilities, ratios, coefficients, statistics and P values."""
DAY: Final = "day"
PERCENT: Final = "%"

_INDEX: Final = re.compile(r"\[[^\]]*\]")
_DAYS: Final = re.compile(r"(^|\.)(\w+_days|day|last_day)(\.\w+)?$")
_DAYS_OF: Final = {
    "km": re.compile(r"\.quartiles\.(estimate|lower|upper)$"),
    "follow-up": re.compile(r"\.quartiles\.(estimate|lower|upper)$"),
    "rmst": re.compile(r"^((overall|arms)\.(se|lower|upper)|differences?\.(estimate|se|lower|upper))$"),
}
_OF_VARIABLE: Final = {
    "table1": re.compile(r"\.(mean|sd|quartiles\.\w+)$"),
    "cox": re.compile(r"^splines\.(knots|reference|curve\.at)$"),
}
_OWN_UNIT: Final = re.compile(r"\.quartiles\.\w+$")
"""Also where a mean is on the scale of a transform."""
_OF_STUDY: Final = re.compile(r"landmarks\.time$")
_STEP: Final = re.compile(r"(^|\.)per\.units$")
_PERCENT: Final = re.compile(r"(^|\.)(percent|i2)$")


def unit_of(kind: str, quantity: str, variable: str, inside: Inside, study: Study) -> str:
    """Returns the unit of a number of a result of this kind. `inside` are the objects around it.

    A variable without a declared unit, and what another package's kind does not name as riskset does, give an empty
    text: its unit is not known.
    """
    path = _INDEX.sub("", quantity)
    if _DAYS.search(path) or (kind in _DAYS_OF and _DAYS_OF[kind].search(path)):
        return DAY
    if _PERCENT.search(path):
        return PERCENT
    if _OF_STUDY.search(path):
        return study.time.unit
    if _STEP.search(path):
        return _unit(study, variable)
    if kind in _OF_VARIABLE and _OF_VARIABLE[kind].search(path):
        is_scaled = not _OWN_UNIT.search(path) and any(around.get("scale") for around, _ in inside)
        return NONE if is_scaled else _unit(study, variable)
    return NONE if kind in OWN else ""


def _unit(study: Study, variable: str) -> str:
    declared = study.variables.get(variable)
    return (declared.unit or "") if isinstance(declared, NumberVariable) else ""
