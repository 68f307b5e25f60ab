"""`riskset demo`: whole studies on one machine, over the real network stack."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from riskset.catalogue import ENGLISH, Message, say, verbatim
from riskset.errors import RisksetError
from riskset.language import chosen, told
from riskset.protocol.coordinator import Coordinator, Outcome
from riskset.results import results_json, results_of
from riskset.study.load import parse_study
from riskset.study.propensity import ALL
from riskset.study.spec import Study
from riskset_demo.comparison import ModelComparison, check_installed, compare
from riskset_demo.curve_comparison import compare_curves
from riskset_demo.demonstration import Demonstration
from riskset_demo.loopback_network import LoopbackNetwork, approved_until, new_folder
from riskset_demo.sent_numbers import Evidence, clear_numbers, evidence
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.tables import (
    comparison_table,
    curve_lines,
    exception_lines,
    refusal_lines,
    sent_lines,
    sent_table,
    sites_table,
    told_lines,
)
from riskset_server.run.record import RunRecord

FIRST = next(iter(DEMONSTRATIONS))


def demo(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="\n\n".join(f"{name}: {one.description}." for name, one in DEMONSTRATIONS.items()), show_default=False
        ),
    ] = None,
    into: Annotated[Path, typer.Option(help="The folder in which a new folder is created.")] = Path(),
) -> None:
    """Run a whole study on this machine: a server, a coordinator and one process per site, over TLS.

    The sites join and approve, and their sums are masked; afterwards, what each site sent is counted and verified.
    Every process has its own folder with its own rows, and is stopped at the end. Without a name, the study is hcc.

    Example: riskset demo lung
    """
    unknown = [name for name in names or () if name not in DEMONSTRATIONS]
    if unknown:
        raise typer.BadParameter(str(say("demo.unknown", name=unknown[0], known=tuple(DEMONSTRATIONS))))
    check_installed()
    signal.signal(signal.SIGTERM, _exit)  # so that every process is stopped
    console = Console()
    folder = new_folder(into.resolve())
    for name in names or [FIRST]:
        _show(DEMONSTRATIONS[name], folder / name, console)


def _exit(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


def _show(demonstration: Demonstration, root: Path, console: Console) -> None:
    began = time.monotonic()
    study = parse_study(demonstration.study.decode())
    console.rule(f"[bold]{demonstration.name}", align="left")
    _print(
        console, f"{demonstration.description}.", *([study.header.notice] if study.header.notice else []), style="bold"
    )
    console.print(sites_table(study, demonstration))
    with LoopbackNetwork(demonstration, root) as network, ThreadPoolExecutor(1) as beside:
        run = _run(network, console)
        ledgers = beside.submit(network.ledgers)  # processes of their own
        outcome = _outcome(network, study, run)  # compared while the coordinator draws the figures
        results = results_json(results_of(study, outcome, outcome.history.opening.participants))
        models, curves = compare(results, demonstration), compare_curves(results, demonstration)
        found = _evidence(network, study, outcome, ledgers.result())
        network.wait()
        network.bundle()
        console.print()
        largest = _show_comparison(models, results, study, console)
        _print(console, *curve_lines(curves))
        _print(console, *refusal_lines(results["results"]))
        _show_sent(found, console)
    _print(console, say("demo.difference", largest=largest))
    _print_path(console, say("demo.bundle", bundle=network.bundle_file, keys=network.trusted_file))
    _print_path(console, say("demo.report", seconds=time.monotonic() - began, file=network.results / "index.html"))


def _run(network: LoopbackNetwork, console: Console) -> str:
    """Runs the study from the sites' invitations to their last reply; returns the run's id."""
    network.write()
    network.start_server()
    network.join()
    n = len(network.sites)
    _print(console, say("demo.joined", n=n))
    network.approve()
    signed = [*exception_lines(network.demonstration), *told_lines(network.demonstration)]
    _print(console, say("demo.approved", n=n, until=approved_until()), *signed)
    network.start()
    _print_path(console, say("demo.serving", n=n, folder=network.root / "logs"))
    network.start_coordinator(*(["--lang", chosen()] if chosen() != ENGLISH else []))
    return network.wait_for_replies()


def _print(console: Console, *lines: Message | str, style: str | None = None) -> None:
    for line in lines:
        console.print(told(line), highlight=False, markup=False, style=style)


def _print_path(console: Console, line: Message) -> None:
    """A path is not broken over two lines, so that it can be copied."""
    console.print(told(line), highlight=False, markup=False, soft_wrap=True)


def _show_comparison(
    compared: Sequence[ModelComparison], results: Mapping[str, Any], study: Study, console: Console
) -> float:
    """Prints each compared model beside lifelines' and returns the largest difference in standard errors.

    Raises RisksetError if no model has an estimate.
    """
    if not compared:
        ends = sorted({r["reason"]["message"] for r in results["results"] if "reason" in r})
        raise RisksetError(say("demo.nothing_to_compare"), verbatim("; ".join(ends)))
    for model in compared:
        endpoint = study.endpoints[model.endpoint].label
        title = say("demo.title.model", endpoint=endpoint)
        if model.population != ALL:
            title = say("demo.title.adjusted", endpoint=endpoint, population=model.population)
        console.print(comparison_table(model.coefficients, title))
    return max(model.largest_difference for model in compared)


def _show_sent(found: Evidence, console: Console) -> None:
    """Raises RisksetError if the coordinator could read a number."""
    console.print()
    console.print(sent_table(found))
    _print(console, *sent_lines(found))
    if found.readable:
        raise RisksetError(say("demo.readable"), say("demo.readable_hint"))


def _outcome(network: LoopbackNetwork, study: Study, run: str) -> Outcome:
    """Returns what follows from the coordinator's record."""
    key = network.coordinator.identity
    with closing(RunRecord(network.coordinator.runs, key)) as record:
        return Coordinator(key, study, network.roster, run, record.opening(run), record).outcome()


def _evidence(
    network: LoopbackNetwork, study: Study, outcome: Outcome, ledgers: Mapping[str, Mapping[str, Any]]
) -> Evidence:
    """Returns the coordinator's record compared with the sites' ledgers."""
    in_clear = {site: clear_numbers(ledgers[site], outcome.run) for site in study.sites}
    return evidence(outcome, study, network.roster.sha256, in_clear)
