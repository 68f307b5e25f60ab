"""The pooled table beside another program's fit of the pooled rows, which only a demonstration can have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from riskset.errors import RisksetError
from riskset_server.demo.data_sets import DataSet


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


def compare(results: Mapping[str, Any], data_set: DataSet) -> list[Line]:
    """Returns the multivariable model of `results` beside lifelines' fit, stratified by site, of the pooled rows."""
    (model,) = (r for r in results["results"] if r["kind"] == "cox" and r["model"] == "multivariable")
    other = _fit(data_set)
    return [
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


def _fit(data_set: DataSet) -> dict[str, tuple[float, float]]:
    """Returns lifelines' coefficient and standard error of each column."""
    try:
        import pandas as pd
        from lifelines import CoxPHFitter
    except ModuleNotFoundError:
        raise RisksetError("the comparison needs lifelines", "python -m pip install 'riskset[dev]'") from None
    rows = data_set.rows()
    frame = pd.DataFrame(
        [
            {**data_set.covariates(r), "site": data_set.site_of(r), "days": float(r["time"]), "event": int(r["event"])}
            for r in rows
        ]
    ).dropna()
    # its own defaults stop some 1e-6 standard errors short
    exact = {"precision": 1e-14, "r_precision": 1e-16, "max_steps": 100}
    fitted = CoxPHFitter().fit(frame, "days", "event", strata=["site"], fit_options=exact)
    return {name: (float(fitted.params_[name]), float(fitted.standard_errors_[name])) for name in fitted.params_.index}


def comparison_table(lines: list[Line], title: str) -> Table:
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
