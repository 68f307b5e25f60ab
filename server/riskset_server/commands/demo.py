"""`riskset demo`: whole studies on one machine, over the real network stack."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from riskset.errors import RisksetError
from riskset.study.load import parse_study
from riskset_server.demo.comparison import compare, comparison_table
from riskset_server.demo.data_sets import DATA_SETS, DataSet
from riskset_server.demo.demonstration import Demonstration
from riskset_server.demo.stage import Stage, new_folder


def demo(
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Any of {', '.join(DATA_SETS)}; both unless named.", show_default=False),
    ] = None,
    into: Annotated[Path, typer.Option(help="A new folder is made in this one.")] = Path(),
) -> None:
    """Run whole studies on this machine: a server, a coordinator and a process for each site, over TLS.

    Every process has a folder of its own with its own rows, and is stopped at the end.

    Example: riskset demo lung
    """
    unknown = [name for name in names or () if name not in DATA_SETS]
    if unknown:
        raise typer.BadParameter(f"no demonstration is called {unknown[0]!r}; there are {', '.join(DATA_SETS)}")
    signal.signal(signal.SIGTERM, _leave)  # so that what was started is stopped
    console = Console()
    folder = new_folder(into.resolve())
    for name in names or DATA_SETS:
        _show(DATA_SETS[name], folder / name, console)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _show(demonstration: DataSet, root: Path, console: Console) -> None:
    began = time.monotonic()
    console.rule(f"[bold]{demonstration.name}", align="left")
    console.print(demonstration.says, highlight=False, soft_wrap=True)
    with Stage(demonstration, root) as stage:
        stage.build()
        stage.start()
        words = f"{len(stage.sites)} sites and a server, a process each; what they say stands in {root}/logs"
        console.print(words, highlight=False, soft_wrap=True)
        stage.start_coordinator()
        stage.wait()
    results = json.loads((stage.results / "results.json").read_text(encoding="utf-8"))
    largest = _show_comparison(results, demonstration, console)
    console.print(
        f"No row left a site. The coefficients and those of the pooled rows are at most {largest:.0e} standard errors "
        f"apart.\n{time.monotonic() - began:.0f} s. Open {stage.results / 'report.html'}",
        highlight=False,
        soft_wrap=True,
    )


def _show_comparison(results: Mapping[str, Any], demonstration: Demonstration, console: Console) -> float:
    """Prints each multivariable model beside lifelines' and returns the largest difference in standard errors.

    RisksetError where there is none.
    """
    endpoints = parse_study(demonstration.study.decode()).endpoints
    compared = compare(results, demonstration)
    if not compared:
        ends = sorted({r["reason"]["message"] for r in results["results"] if "reason" in r})
        raise RisksetError("no multivariable model has an estimate to compare", "; ".join(ends))
    for model in compared:
        title = f"{endpoints[model.endpoint].label}: pooled Cox model, one baseline hazard per site"
        console.print(comparison_table(model.lines, title))
    return max(model.largest_difference for model in compared)
