"""The curves, medians, mean survival times and log-rank tests beside lifelines' of the pooled rows.

The hospitals count in steps of the study's grid, so the pooled days are rounded up to the end of their step first, and
follow-up ends with the grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from riskset.study.load import parse_study
from riskset_demo.adjusted_rows import rows_of
from riskset_demo.demonstration import Demonstration, PooledRow

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CurveComparison:
    """One result by arm: what it is of, its numbers, and lifelines' in the same order."""

    id: str
    values: tuple[float | None, ...]
    """None where a curve does not reach a quantile."""
    others: tuple[float | None, ...]

    @property
    def largest_difference(self) -> float:
        """Relative to lifelines' number; infinite where one of the two has none."""
        return max(_apart(one, other) for one, other in zip(self.values, self.others, strict=True))


def compare_curves(results: Mapping[str, Any], demonstration: Demonstration) -> list[CurveComparison]:
    """Returns each Kaplan-Meier result and restricted mean by arm, of an endpoint whose pooled rows are known, with
    lifelines' numbers: survival at the landmarks, median and log-rank statistic; means. Not of patients with weights,
    since their curves are by averages over blocks, and so equal none of the rows' own weights."""
    study, compared = parse_study(demonstration.study.decode()), list[CurveComparison]()
    of_kinds = [r for r in results["results"] if r["status"] == "ok" and r["kind"] in ("km", "rmst")]
    by_arm = [r for r in of_kinds if r.get("arms") and not study.is_weighted(r["population"])]
    for result in by_arm:
        frame = _frame(
            rows_of(result["population"], demonstration.pooled(result["endpoint"]), study, results["results"]), result
        )
        pairs = list(_of_curves(result, frame) if result["kind"] == "km" else _of_means(result, frame))
        values, others = zip(*pairs, strict=True)
        compared.append(CurveComparison(result["id"], values, others))
    return compared


def _frame(rows: Sequence[PooledRow], result: Mapping[str, Any]) -> pd.DataFrame:
    """Returns arm, days at the end of their step, and event."""
    import pandas as pd

    width, last, levels = result["grid"]["width_days"], result["grid"]["max_days"], [a["level"] for a in result["arms"]]
    arms = [_arm(row, result["variable"], levels, result["reference"]) for row in rows]
    days = [-(-min(row.days, last) // width) * width for row in rows]
    events = [row.event and row.days <= last for row in rows]
    return pd.DataFrame({"arm": arms, "days": days, "event": events})


def _arm(row: PooledRow, variable: str, levels: Sequence[str], reference: str) -> str:
    return next((level for level in levels if row.columns.get(f"{variable} = {level}")), reference)


def _of_curves(result: Mapping[str, Any], frame: pd.DataFrame) -> Iterator[tuple[float | None, float | None]]:
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test

    for arm in result["arms"]:
        own = frame[frame["arm"] == arm["level"]]
        curve = KaplanMeierFitter().fit(own["days"], own["event"])
        yield arm["median_days"]["estimate"], float(curve.median_survival_time_)
        yield from ((at["survival"], float(curve.predict(at["day"]))) for at in arm["landmarks"])
    weights = {"weightings": "fleming-harrington", "p": result["rho"], "q": 0} if result["rho"] else {}
    test = multivariate_logrank_test(frame["days"], frame["arm"], frame["event"], **weights)
    yield result["log_rank"]["chi2"], float(test.test_statistic)


def _of_means(result: Mapping[str, Any], frame: pd.DataFrame) -> Iterator[tuple[float | None, float | None]]:
    from lifelines import KaplanMeierFitter
    from lifelines.utils import restricted_mean_survival_time

    for arm in result["arms"]:
        own = frame[frame["arm"] == arm["level"]]
        curve = KaplanMeierFitter().fit(own["days"], own["event"])
        yield arm["rmst_days"], float(restricted_mean_survival_time(curve, t=result["tau_days"]))


def _apart(value: float | None, other: float | None) -> float:
    reached = [inf if number is None else number for number in (value, other)]  # lifelines' median beyond the curve
    if reached[0] == reached[1]:
        return 0.0
    difference = abs(reached[0] - reached[1])
    return difference / abs(reached[1]) if isfinite(difference) and reached[1] else difference
