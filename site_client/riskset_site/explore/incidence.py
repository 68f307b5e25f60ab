"""Cumulative incidence of each kind of event at one site, by riskset's own statistics: lifelines shifts tied days at
random, so that no two pages would be alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import nan

import numpy as np
from numpy.typing import NDArray

from riskset.analyses.cohort import AnalysisSet
from riskset.stats.competing_risks import Incidence, aalen_johansen
from riskset.stats.kaplan_meier import limits_of
from riskset_site.explore.curves import LEVEL, LocalCurve


def local_incidences(
    rows: AnalysisSet, causes: Sequence[str], arm: str | None, levels: Sequence[str]
) -> Iterator[tuple[str, tuple[LocalCurve, ...]]]:
    """Yields each cause with its curve of each arm that has patients (Aalen-Johansen, log-log limits); of all together
    without an arm. Nothing for an endpoint without competing events."""
    if rows.cause is None:
        return
    codes = rows.variables[arm].astype(np.int64) if arm else np.zeros(rows.n, np.int64)
    named = tuple(levels) if arm else ("",)
    found = [(level, _incidence(rows, codes == code, len(causes))) for code, level in enumerate(named)]
    for number, cause in enumerate(causes):
        yield cause, tuple(_curve(level, number, one) for level, one in found if one is not None)


def _incidence(rows: AnalysisSet, chosen: NDArray[np.bool_], n_causes: int) -> Incidence | None:
    """Returns the incidences of some rows, day by day; None of none."""
    if rows.cause is None or not chosen.any():
        return None
    days, cause = rows.days[chosen], rows.cause[chosen]
    n_days = int(days.max()) + 1
    exits = [np.bincount(days[cause == kind], minlength=n_days) for kind in range(n_causes + 1)]
    entries = None
    if rows.entry_days is not None:
        late = rows.entry_days[chosen]
        entries = np.bincount(late[late >= 0], minlength=n_days)
    return aalen_johansen(np.array(exits[1:]), exits[0], np.arange(n_days), entries)


def _curve(level: str, cause: int, found: Incidence) -> LocalCurve:
    estimate = found.estimate[cause]
    with np.errstate(divide="ignore", invalid="ignore"):
        lower, upper = limits_of(estimate, found.std_error[cause], "log-log", LEVEL)
    return LocalCurve(
        level=level,
        n=int(found.at_risk[0]) if len(found.at_risk) else 0,
        events=int(found.events[cause].sum()),
        days=found.day.astype(np.float64),
        estimate=estimate,
        lower=np.where(estimate > 0, lower, nan),
        upper=np.where(estimate > 0, upper, nan),
        at_risk=found.at_risk.astype(np.int64),
        median=None,
        median_limits=(None, None),
    )
