"""`riskset study ...`: what the coordinator does with a study file before anybody signs it; who takes part."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from riskset.analyses.plan import plan
from riskset.cli import print_error
from riskset.disclosure.policy import parse_exception
from riskset.errors import DataError
from riskset.protocol.approval import ExceptionSigned
from riskset.results import results_of
from riskset.study.load import load_study, study_hash
from riskset.study.spec import Study
from riskset_server.commands.joining import accept, invite, revoke, roster
from riskset_server.run.rehearse import GATE_IGNORED, REHEARSAL, rehearse, verdicts

app = typer.Typer(
    help="Write, check and try a study; bring its sites together.", no_args_is_help=True, add_completion=False
)

THE_ANSWER_IS_NO = 3


@app.callback()
def study() -> None:
    """Write, check and try a study; bring its sites together."""


@app.command(epilog="Example: riskset study check study.toml")
def check(
    file: Annotated[Path, typer.Argument(help="The study file (TOML).", metavar="FILE")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the same facts as JSON.")] = False,
) -> None:
    """Tell every problem of the study file FILE at once, or what the study is.

    Exit 0: the file is right. 1: it cannot be read. 3: it has problems.
    """
    try:
        checked = load_study(file)
        plan(checked)
    except DataError as error:
        if not error.problems:
            raise
        if as_json:
            typer.echo(_json({"problems": [problem.to_json() for problem in error.problems]}))
        else:
            print_error(error)
        raise typer.Exit(THE_ANSWER_IS_NO) from None
    facts = facts_of(checked)
    typer.echo(_json(facts) if as_json else _lines(checked, facts))


@app.command("try", epilog="Example: riskset study try study.toml --sites sites --out rehearsal")
def try_(
    file: Annotated[Path, typer.Argument(help="The study file (TOML).", show_default=False)],
    sites: Annotated[
        Path, typer.Option(help="A folder with a folder for each site, site.toml in it.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="Where results.json, numbers.csv and report.html go.")] = Path("rehearsal"),
    ignore_gate: Annotated[
        bool, typer.Option("--ignore-gate", help="Compute what the gate holds back, and mark every result.")
    ] = False,
    exceptions: Annotated[
        list[str] | None,
        typer.Option("--exception", metavar="RULE=VALUE", help="As if every site signed it.", show_default=False),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="SITE", help="A site that stays out.", show_default=False)
    ] = None,
) -> None:
    """Run a whole study in memory over site files on this machine, as a real run would: same messages, gate and sums.

    Exit 0: done; what a rule refuses is told with what would pass. 1: a file is wrong; every problem is told. 3: a site
    would not take part at all.
    """
    from riskset_server.run.release_folder import write_outcome  # drawing takes a second to import

    tried = load_study(file)
    signed = tuple(ExceptionSigned(*parse_exception(text, REHEARSAL), REHEARSAL) for text in exceptions or ())
    rehearsed = rehearse(tried, sites, without or (), signed, is_gated=not ignore_gate)
    made_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    notices = [REHEARSAL, GATE_IGNORED] if ignore_gate else [REHEARSAL]
    found = results_of(tried, rehearsed.outcome, rehearsed.sites, notices, is_gated=not ignore_gate)
    paths = write_outcome(found, out, made_at)
    typer.echo(verdicts(tried, rehearsed, is_gated=not ignore_gate))
    for path in paths:
        typer.echo(path)


app.command(epilog="Example: riskset study invite study.toml kurume --server coordinator")(invite)
app.command(epilog="Example: riskset study accept kurume --server coordinator")(accept)
app.command(epilog="Example: riskset study roster study.toml --server coordinator")(roster)
app.command(epilog="Example: riskset study revoke kurume --server coordinator")(revoke)


def facts_of(study: Study) -> dict[str, Any]:
    """What a person checks at a glance, and what a program may ask for, of a right study."""
    return {
        "id": study.id,
        "version": study.version,
        "title": study.title_in("en"),
        "sha256": study_hash(study),
        "sites": list(study.sites),
        "variables": len(study.variables),
        "eligibility": [rule.id for rule in study.eligibility],
        "endpoints": {name: list(endpoint.variables) for name, endpoint in study.endpoints.items()},
        "analyses": {name: _asked(study, name) for name in study.analyses},
        "grid": {"width_days": study.time.grid.width_days, "max_days": study.time.grid.max_days},
        "rounds": _rounds(study),
    }


def _rounds(study: Study) -> dict[str, Any]:
    """How many exchanges with the sites a run takes at least, by which analyses, and which of these go on until they
    converge."""
    chain = plan(study).longest_chain()
    return {
        "at_least": chain.rounds,
        "chain": [analysis.id for analysis in chain.analyses],
        "iterative": [analysis.id for analysis in chain.iterative],
    }


def _asked(study: Study, name: str) -> dict[str, Any]:
    """One analysis: its kind, its endpoints and what its kind adds."""
    analysis = study.analyses[name]
    return {"kind": analysis.kind, "endpoints": list(analysis.outcome_endpoints), **analysis.facts(study)}


def _lines(study: Study, facts: dict[str, Any]) -> str:
    grid = facts["grid"]
    told = [
        ("study", f"{facts['id']} {facts['version']}"),
        ("title", facts["title"]),
        ("sha256", facts["sha256"]),
        ("sites", ", ".join(facts["sites"])),
        ("variables", str(facts["variables"])),
        ("eligibility", ", ".join(facts["eligibility"]) or "every row"),
        *(("endpoint", f"{name}: {', '.join(used)}") for name, used in facts["endpoints"].items()),
        *(("analysis", f"{name}: {line}") for name, asked in study.analyses.items() for line in asked.lines(study)),
        ("grid", f"{grid['width_days']} days wide, to day {grid['max_days']}"),
        ("rounds", _rounds_in_words(facts["rounds"])),
    ]
    return "\n".join(f"{what:<12}{said}" for what, said in told)


def _rounds_in_words(rounds: dict[str, Any]) -> str:
    """The rounds of the longest chain; nobody can know before the run how often a model is evaluated."""
    again = ", and one for each further evaluation of a model" if rounds["iterative"] else ""
    chain = f"; longest chain: {' -> '.join(rounds['chain'])}" if len(rounds["chain"]) > 1 else ""
    return f"{rounds['at_least']}{again}{chain}"


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, indent=2, ensure_ascii=False)
