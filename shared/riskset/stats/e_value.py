"""E-values: how strong an unmeasured confounder must be to explain a hazard ratio away.

VanderWeele and Ding, Annals of Internal Medicine 167 (2017) 268: of a risk ratio RR >= 1, E = RR + sqrt(RR (RR - 1)).
A hazard ratio is one where the outcome is rare; where it is common, RR is taken as
(1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Final, Literal

Outcome = Literal["rare", "common"]
RARE: Final = 0.15
"""Share of the patients with an event up to which the outcome is rare."""


@dataclass(frozen=True)
class EValue:
    """Of an estimate and of its confidence limit nearer to 1; None where the ratio is 0 or infinite."""

    outcome: Outcome
    estimate: float | None
    limit: float | None
    """1 where the limits include 1."""


def e_value(hr: float, lower: float, upper: float, share: float) -> EValue:
    """Returns the E-value of a hazard ratio with its limits; `share` is that of the patients with an event."""
    outcome: Outcome = "rare" if share <= RARE else "common"
    includes_1 = lower <= 1.0 <= upper
    nearer = 1.0 if includes_1 else (upper if hr < 1.0 else lower)
    return EValue(outcome, _of(hr, outcome), _of(nearer, outcome))


def _of(hr: float, outcome: Outcome) -> float | None:
    if not isfinite(hr) or hr <= 0.0 or not isfinite(1.0 / hr):
        return None
    ratio = max(hr, 1.0 / hr)
    if outcome == "common":
        ratio = (1.0 - 0.5 ** sqrt(ratio)) / (1.0 - 0.5 ** sqrt(1.0 / ratio))
    return ratio + sqrt(ratio * (ratio - 1.0))
