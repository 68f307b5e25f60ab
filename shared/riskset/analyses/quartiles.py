"""Quartiles of a Kaplan-Meier curve, and how results.json writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from riskset.catalogue import say
from riskset.stats.arrays import Floats
from riskset.stats.kaplan_meier import Curve, Quantile, quantile

QUARTILES: Final = (0.25, 0.5, 0.75)


def quartiles_of(curve: Curve, lower: Floats, upper: Floats) -> tuple[Quantile, ...]:
    """Returns the quartiles of a curve and their limits, from those of the survival."""
    return tuple(quantile(curve, lower, upper, probability) for probability in QUARTILES)


def quartiles_json(quartiles: Sequence[Quantile]) -> dict[str, Any]:
    """Returns the keys `median_days` and `quartiles`; null means "not reached", or that there are no patients."""
    return {
        "median_days": _quantile_json(quartiles[1]),
        "quartiles": [{"probability": quartile.probability, **_quantile_json(quartile)} for quartile in quartiles],
    }


def no_patients_json(n: int) -> dict[str, Any]:
    """Returns the key `reason` of an arm without patients, which has no quartile; nothing for another."""
    return {} if n else {"reason": {"code": "no patients", "message": say("analyses.arm.no_patients")}}


def _quantile_json(found: Quantile) -> dict[str, float | None]:
    return {"estimate": found.estimate, "lower": found.lower, "upper": found.upper}
