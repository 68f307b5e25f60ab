"""Pieces of the sentences in which a committee reads a study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from riskset.study.variables import NumberVariable

if TYPE_CHECKING:
    from riskset.study.spec import Study

_SCALES = {
    "log": "its natural logarithm",
    "log2": "its logarithm to base 2",
    "log10": "its logarithm to base 10",
    "log1p": "the natural logarithm of it plus 1",
    "log10p1": "the logarithm to base 10 of it plus 1",
    "sqrt": "its square root",
}


def listed(items: Sequence[str]) -> str:
    """Returns `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def endpoint_in_words(name: str, study: Study) -> str:
    """Returns how the endpoint is printed."""
    return study.endpoints[name].label or name


def endpoints_in_words(names: Sequence[str], study: Study) -> str:
    return listed([endpoint_in_words(name, study) for name in names])


def covariate_in_words(name: str, study: Study) -> str:
    """Returns a covariate with its unit and scale, or with its levels."""
    variable = study.variables[name]
    if isinstance(variable, NumberVariable):
        scale = f", as {_SCALES[variable.transform]}" if variable.transform else ""
        unit = f" in {variable.unit}" if variable.unit else ""
        return f"{study.label_of(name)} (a number{unit}{scale})"
    return f"{study.label_of(name)} ({', '.join(study.levels_of(name))})"


def by_arm(study: Study) -> str:
    """Returns ` and by Arm (A and B)`; empty where the study compares no arms."""
    if study.comparison is None:
        return ""
    arm = study.comparison.arm
    return f" and by {study.label_of(arm)} ({listed(study.levels_of(arm))})"


def counted_on_grid(study: Study) -> str:
    """Returns `counted every 7 days to day 730`."""
    grid = study.time.grid
    step = "day" if grid.width_days == 1 else f"{grid.width_days} days"
    return f"counted every {step} to day {grid.max_days}"
