"""The pooled models beside another program's fits of the pooled rows, which only a demonstration can have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from math import isnan
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from riskset.errors import RisksetError
from riskset_demo.demonstration import Demonstration, PooledRow


@dataclass(frozen=True)
class Line:
    """One coefficient of both."""

    name: str
    coef: float
    se: float
    other_coef: float
    other_se: float
    p: float
    hr: tuple[float, float, float]
    """Hazard ratio, lower, upper."""

    @property
    def difference(self) -> float:
        """In standard errors."""
        return abs(self.coef - self.other_coef) / self.se


@dataclass(frozen=True)
class Comparison:
    """A multivariable model of both."""

    endpoint: str
    lines: Sequence[Line]

    @property
    def largest_difference(self) -> float:
        """In standard errors."""
        return max(line.difference for line in self.lines)


def check_installed() -> None:
    """Raises RisksetError where the other program is not installed; to be asked before a run, not after it."""
    if find_spec("lifelines") is None:
        raise RisksetError(
            "'riskset demo' compares with lifelines, which is not installed",
            "install it with: python -m pip install 'riskset[demo]'",
        )


def compare(results: Mapping[str, Any], demonstration: Demonstration) -> list[Comparison]:
    """Returns each multivariable model of `results` that has an estimate beside lifelines' fit, stratified by site, of
    the pooled rows."""
    models = (r for r in results["results"] if r["kind"] == "cox" and r["model"] == "multivariable")
    return [_compare(model, demonstration.pooled(model["endpoint"])) for model in models if model["status"] == "ok"]


def _compare(model: Mapping[str, Any], rows: Sequence[PooledRow]) -> Comparison:
    other = _fit(rows)
    lines = [
        Line(
            name=name,
            coef=term["coef"],
            se=term["se"],
            other_coef=other[name][0],
            other_se=other[name][1],
            p=term["p"],
            hr=(term["hr"], term["lower"], term["upper"]),
        )
        for term in model["terms"]
        for name in [f"{term['variable']} = {term['level']}" if term["level"] else term["variable"]]
    ]
    return Comparison(model["endpoint"], lines)


def _fit(rows: Sequence[PooledRow]) -> dict[str, tuple[float, float]]:
    """Returns lifelines' coefficient and standard error of each column, of the rows without a missing value."""
    import pandas as pd
    from lifelines import CoxPHFitter

    complete = [row for row in rows if not any(map(isnan, row.columns.values()))]
    frame = pd.DataFrame([{**row.columns, "site": row.site, "days": row.days, "event": row.event} for row in complete])
    # its own defaults stop some 1e-6 standard errors short
    exact = {"precision": 1e-20, "r_precision": 0.0, "max_steps": 100}
    fitted = CoxPHFitter().fit(frame, "days", "event", strata=["site"], fit_options=exact)
    return {name: (float(fitted.params_[name]), float(fitted.standard_errors_[name])) for name in fitted.params_.index}


def comparison_table(lines: Sequence[Line], title: str) -> Table:
    """Returns the table that the demonstration prints."""
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("covariate", no_wrap=True)
    for heading in ("HR (95% CI)", "P", "coefficient", "lifelines", "apart"):
        table.add_column(heading, justify="right", no_wrap=True)
    for line in lines:
        hr, lower, upper = line.hr
        table.add_row(
            line.name,
            f"{hr:.2f} ({lower:.2f}-{upper:.2f})",
            f"{line.p:.3f}" if line.p >= 0.001 else "<0.001",
            f"{line.coef:.7f}",
            f"{line.other_coef:.7f}",
            f"{line.difference:.0e}",
        )
    return table
