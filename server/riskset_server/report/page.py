"""The report: one page that needs nothing else, its figures as files, and numbers.csv."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from riskset_server.report import notation
from riskset_server.report.cox_table import cox_refused, cox_tables
from riskset_server.report.figures import FigureFiles, survival_figure
from riskset_server.report.labels import Labels
from riskset_server.report.not_given import NotGiven, not_given
from riskset_server.report.numbers import numbers_csv
from riskset_server.report.survival import SurvivalPlot, survival_plot, survival_title
from riskset_server.report.tables import Result, Table, survival_table


def write_report(
    results: Mapping[str, Any],
    folder: Path,
    *,
    made_at: str,
    notices: Sequence[str] = (),
    labels: Labels | None = None,
) -> list[Path]:
    """Writes `report.html`, `numbers.csv` and `figures/*.{svg,png}` into `folder` and returns their paths.

    `results` is results.json as parsed; `made_at` is printed as it is; each of `notices` is a warning and stands above
    everything else. The files take their names when all of them are written, in the place of an earlier report's.
    """
    words = labels or Labels()
    curves = [result for result in results["results"] if result["kind"] == "km"]
    survival = [_survival_section(result, results, words) for result in curves if result["status"] == "ok"]
    no_curves = [not_given(result, survival_title(result, words)) for result in curves if result["status"] != "ok"]
    page = _page(results, survival, no_curves, words, made_at, notices)
    contents = {"report.html": page.encode(), "numbers.csv": numbers_csv(results)}
    for section in survival:
        contents |= {f"{section.file}.svg": section.figure.svg, f"{section.file}.png": section.figure.png}
    return _write_all({folder / name: content for name, content in contents.items()})


@dataclass(frozen=True)
class _SurvivalSection:
    """A figure with its table. `file` is the figure's path below the report's folder, without its ending."""

    plot: SurvivalPlot
    figure: FigureFiles
    table: Table
    file: str

    @property
    def svg(self) -> Markup:
        return _inline(self.figure.svg.decode(), self.file, self.plot.title)


def _survival_section(result: Result, results: Mapping[str, Any], labels: Labels) -> _SurvivalSection:
    plot = survival_plot(result, results, labels)
    table = survival_table(result, results["time"], labels)
    return _SurvivalSection(plot, survival_figure(plot), table, f"figures/{_file_name(result['id'])}")


def _file_name(result_id: str) -> str:
    """`km/pfs/all` as `km-pfs-all`; what a file system may not like becomes an underscore."""
    return re.sub(r"[^\w.-]", "_", result_id.replace("/", "-"))


def _inline(svg: str, name: str, title: str) -> Markup:
    """The drawing as an element of a page, its ids made unlike those of the page's other drawings."""
    prefix = re.sub(r"\W", "-", name)
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    element = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", element)
    return Markup(element.replace("<svg", Markup('<svg role="img" aria-label="{}"').format(title), 1))


def _page(
    results: Mapping[str, Any],
    survival: Sequence[_SurvivalSection],
    no_curves: Sequence[NotGiven],
    labels: Labels,
    made_at: str,
    notices: Sequence[str],
) -> str:
    template = files("riskset_server.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(template).render(
        title=_title(results["study"]),
        study=results["study"],
        facts=_facts(results, labels, made_at),
        notices=notices,
        survival=survival,
        no_curves=no_curves,
        cox_tables=cox_tables(results["results"], labels),
        cox_refused=cox_refused(results["results"], labels),
        not_given=_not_given(results),
    )


def _title(study: Mapping[str, Any]) -> str:
    """In English if there is one, else in the study's first language, else the study's id."""
    titles = study.get("title") or {}
    return str(titles.get("en") or next(iter(titles.values()), study["id"]))


def _facts(results: Mapping[str, Any], labels: Labels, made_at: str) -> dict[str, str]:
    study, sites = results["study"], [labels.site(site) for site in results["sites"]]
    return {
        "Study": f"{study['id']}, version {study['version']}",
        "Study's SHA-256": study["sha256"],
        "Run": results["run"],
        f"Sites ({len(sites)})": ", ".join(sites),
        "Made": made_at,
    }


def _not_given(results: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Id, status and reason of every result without numbers."""
    missing = [result for result in results["results"] if result["status"] != "ok"]
    return [(result["id"], result["status"], notation.reason(result)) for result in missing]


def _write_all(contents: Mapping[Path, bytes]) -> list[Path]:
    """Each under a passing name beside its place; they take their names only when the last one is written."""
    waiting = {path: path.with_name(f".{path.name}.{secrets.token_hex(4)}") for path in contents}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            waiting[path].write_bytes(content)
        for path, passing in waiting.items():
            os.replace(passing, path)
    finally:
        for passing in waiting.values():
            passing.unlink(missing_ok=True)
    return list(contents)
