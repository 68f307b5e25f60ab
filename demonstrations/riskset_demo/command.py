"""`riskset demo`: whole studies on one machine, over the real network stack."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from riskset.errors import RisksetError
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.opening import Opening
from riskset.protocol.roster import load_roster
from riskset.study.load import parse_study
from riskset.study.spec import Study
from riskset_demo.comparison import check_installed, compare, comparison_table
from riskset_demo.demonstration import Demonstration
from riskset_demo.loopback_network import LoopbackNetwork, approved_until, new_folder
from riskset_demo.sent_numbers import Evidence, clear_numbers, evidence
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.tables import exception_lines, refusal_lines, sent_lines, sent_table, sites_table
from riskset_server.run.record import RunRecord

FIRST = next(iter(DEMONSTRATIONS))


def demo(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="\n\n".join(f"{name}: {one.says}." for name, one in DEMONSTRATIONS.items()), show_default=False
        ),
    ] = None,
    into: Annotated[Path, typer.Option(help="A new folder is made in this one.")] = Path(),
) -> None:
    """Run a whole study on this machine: a server, a coordinator and a process for each site, over TLS. The sites join,
    approve, and are summed under masks; then what left each of them is counted and checked. Without a name: hcc.

    Every process has a folder of its own with its own rows, and is stopped at the end.

    Example: riskset demo lung
    """
    unknown = [name for name in names or () if name not in DEMONSTRATIONS]
    if unknown:
        raise typer.BadParameter(f"no demonstration is called {unknown[0]!r}; there are {', '.join(DEMONSTRATIONS)}")
    check_installed()
    signal.signal(signal.SIGTERM, _leave)  # so that what was started is stopped
    console = Console()
    folder = new_folder(into.resolve())
    for name in names or [FIRST]:
        _show(DEMONSTRATIONS[name], folder / name, console)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _show(demonstration: Demonstration, root: Path, console: Console) -> None:
    began = time.monotonic()
    study = parse_study(demonstration.study.decode())
    console.rule(f"[bold]{demonstration.name}", align="left")
    _say(console, f"{demonstration.says}.", *([study.header.notice] if study.header.notice else []), style="bold")
    console.print(sites_table(study, demonstration))
    with LoopbackNetwork(demonstration, root) as stage:
        _perform(stage, console)
        results = json.loads((stage.results / "results.json").read_text(encoding="utf-8"))
        largest = _show_comparison(results, study, demonstration, console)
        _say(console, *refusal_lines(results["results"]))
        _show_sent(_evidence(stage, study, results["run"]), console)
    apart = f"The coefficients and those of the pooled rows are at most {largest:.0e} standard errors apart."
    _say(console, f"No row left a site. {apart}")
    _say_where(console, f"{time.monotonic() - began:.0f} s. The report: {stage.results / 'report.html'}")


def _perform(stage: LoopbackNetwork, console: Console) -> None:
    """From nothing to a report."""
    stage.write()
    stage.start_server()
    stage.join()
    n = len(stage.sites)
    _say(console, f"{n} sites joined: each made its keys and asked in over TLS; the words agreed.")
    stage.approve()
    _say(console, f"{n} sites approved the study until {approved_until()}.", *exception_lines(stage.demonstration))
    stage.start()
    _say_where(console, f"{n} sites serve, a process each; what they say stands in {stage.root}/logs")
    stage.start_coordinator()
    stage.wait()
    console.print()


def _say(console: Console, *lines: str, style: str | None = None) -> None:
    for line in lines:
        console.print(line, highlight=False, markup=False, style=style)


def _say_where(console: Console, line: str) -> None:
    """A path is not broken over two lines: it is there to be copied."""
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _show_comparison(results: Mapping[str, Any], study: Study, demonstration: Demonstration, console: Console) -> float:
    """Prints each multivariable model beside lifelines' and returns the largest difference in standard errors.

    RisksetError where there is none.
    """
    compared = compare(results, demonstration)
    if not compared:
        ends = sorted({r["reason"]["message"] for r in results["results"] if "reason" in r})
        raise RisksetError("no multivariable model has an estimate to compare", "; ".join(ends))
    for model in compared:
        title = f"{study.endpoints[model.endpoint].label}: pooled Cox model, one baseline hazard per site"
        console.print(comparison_table(model.lines, title))
    return max(model.largest_difference for model in compared)


def _show_sent(found: Evidence, console: Console) -> None:
    """Raises RisksetError where the coordinator could read a number."""
    console.print()
    console.print(sent_table(found))
    _say(console, *sent_lines(found))
    if found.readable:
        raise RisksetError("the coordinator could read numbers of single sites", "a fault of riskset: report it")


def _evidence(stage: LoopbackNetwork, study: Study, run: str) -> Evidence:
    """Returns the coordinator's record held against the sites' ledgers."""
    roster, key = load_roster(stage.root / "roster.json"), stage.coordinator.identity
    with closing(RunRecord(stage.coordinator.runs, key)) as record:
        opening = Opening(record.participants(run), record.earlier_of(run))
        outcome = Coordinator(key, study, roster, run, opening, record).outcome()
    said = stage.ledgers()
    return evidence(outcome, study, roster.sha256, {site: clear_numbers(said[site], run) for site in study.sites})
