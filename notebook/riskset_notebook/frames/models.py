"""Models as frames: one row for each coefficient."""

from __future__ import annotations

from collections.abc import Iterator

from riskset_notebook.columns import COUNT, NUMBER, TEXT, Json
from riskset_notebook.frames.part import COLUMN, Part, Row, Setting, picked, reason_of

_COEFFICIENT = {"coef": NUMBER, "se": NUMBER}
_TERM = {
    **COLUMN,
    **_COEFFICIENT,
    "robust_se": NUMBER,
    "hr": NUMBER,
    "lower": NUMBER,
    "upper": NUMBER,
    "z": NUMBER,
    "p": NUMBER,
}
_CHI2 = {"chi2": NUMBER, "df": COUNT, "p": NUMBER}


def terms(result: Json, setting: Setting) -> Iterator[Row]:
    """Yields the coefficients; of a model without any, its covariates. Of a separated model the other coefficients are
    those at the limit of the separated one."""
    at_limit = (result.get("under_separation") or {}).get("terms")
    found = result.get("terms") or at_limit
    if not found:
        yield from ({**setting.column({"variable": name})} for name in result.get("covariates", ()))
        return
    for term in found:
        yield {**picked(term, _TERM), **setting.column(term), "reason": reason_of(term)}


def _tests(result: Json, setting: Setting) -> Iterator[Row]:
    for name, test in (result.get("tests") or {}).items():
        yield {"test": name, **picked(test, _CHI2)}


COX = {
    "terms": Part(_TERM, terms),
    "tests": Part({"test": TEXT, **_CHI2}, _tests),
}
