"""`riskset study ...`: checking and trying a study file before anyone signs it; which sites take part."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from riskset.analyses.needed import needed_by
from riskset.analyses.plan import plan
from riskset.catalogue import say
from riskset.cli import print_error
from riskset.disclosure.policy import default_policy, parse_exception
from riskset.errors import DataError
from riskset.language import Language, speak, spoken, told
from riskset.protocol.approval import ExceptionSigned
from riskset.protocol.rule_column import column_for
from riskset.results import results_of
from riskset.study.asked import PACKAGES
from riskset.study.in_words import decided_by
from riskset.study.load import load_study, study_hash
from riskset.study.spec import Study
from riskset.terminal import tell
from riskset.visible_text import columns_of, json_text, padded
from riskset_server.commands.dossier import dossier
from riskset_server.commands.joining import accept, invite, revoke, roster
from riskset_server.commands.unblinding import By, Reason, Unblind, unblinding_of
from riskset_server.run.outcome import excluded, where, write_outcome
from riskset_server.run.rehearse import GATE_IGNORED, REHEARSAL, Rehearsed, rehearsals, rehearse, verdicts
from riskset_server.run.suggest.lines import suggestion

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
    """Report every problem of the study file FILE at once, or summarize the study.

    Exit 0: the file is correct. 1: it cannot be read. 3: it has problems.
    """
    speak(file)
    try:
        checked = load_study(file)
        plan(checked)
    except DataError as error:
        if not error.problems:
            raise
        if as_json:
            tell(_json({"problems": [problem.to_json() for problem in error.problems]}))
        else:
            print_error(error)
        raise typer.Exit(THE_ANSWER_IS_NO) from None
    facts = facts_of(checked)
    tell(_json(facts) if as_json else _lines(checked, facts))


@app.command("try", epilog="Example: riskset study try study.toml --sites sites --out rehearsal")
def try_(
    file: Annotated[Path, typer.Argument(help="The study file (TOML).", show_default=False)],
    sites: Annotated[
        Path, typer.Option(help="A folder with one folder per site, each with a site.toml.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="The folder for the results and the report.")] = Path("rehearsal"),
    language: Language = None,
    ignore_gate: Annotated[
        bool, typer.Option("--ignore-gate", help="Compute what the gate would refuse, and mark every result.")
    ] = False,
    exceptions: Annotated[
        list[str] | None,
        typer.Option(
            "--exception",
            metavar="RULE=VALUE",
            help="An exception, as if every site had signed it. May be repeated.",
            show_default=False,
        ),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="SITE", help="A site to leave out. May be repeated.", show_default=False)
    ] = None,
    suggest: Annotated[
        bool,
        typer.Option("--suggest", help="Try changes and exceptions on these rows until every analysis passes."),
    ] = False,
    may_be_told_alone: Annotated[
        bool,
        typer.Option("--may-be-told-alone", help="As if every site had signed that its own estimates may be told."),
    ] = False,
    unblind: Unblind = None,
    by: By = "",
    reason: Reason = "",
) -> None:
    """Run a whole study in memory over site files on this machine, with the messages, gate and sums of a real run.

    With --suggest it also prints the smallest set of changes and exceptions, of those it tries, with which every
    analysis passes. With --unblind the study is run twice: as it is, and with the decision.

    Exit 0: done; each refusal is printed with what would pass. 1: a file is wrong; every problem is printed. 3: a site
    would not take part at all.
    """
    speak(file)
    tried, unblinding = load_study(file), unblinding_of(unblind, by, reason)
    signed = tuple(ExceptionSigned(*parse_exception(text, REHEARSAL), REHEARSAL) for text in exceptions or ())
    if suggest and ignore_gate:
        raise typer.BadParameter(str(say("run.suggest.needs_gate")))

    typed = partial(_as_typed, file, sites, out, without or ())
    options = {"--ignore-gate": ignore_gate, "--suggest": suggest, "--may-be-told-alone": may_be_told_alone}
    flags = [option for option, is_given in options.items() if is_given]
    flags += ["--lang", language] if language else []
    rehearsed = rehearse(
        tried,
        sites,
        without or (),
        signed,
        is_gated=not ignore_gate,
        may_be_told_alone=may_be_told_alone,
        command=typed(exceptions or (), flags),
        unblinding=unblinding,
    )
    for line in _written(tried, rehearsed, out, language, is_gated=not ignore_gate):
        tell(line)
    if suggest:
        for line in suggestion(rehearsals(tried, sites, without or (), signed), file.name, _progress, typed):
            tell(line)


def _written(
    tried: Study, rehearsed: Rehearsed, out: Path, language: str | None, *, is_gated: bool
) -> Iterator[str | Path]:
    """Writes the results of a rehearsal, and yields what is said of them: verdicts, who is not analysed, and files."""
    notices = [REHEARSAL] if is_gated else [REHEARSAL, GATE_IGNORED]
    found = results_of(
        tried, rehearsed.outcome, rehearsed.sites, notices, is_gated=is_gated, patients=rehearsed.patients
    )
    paths = write_outcome(found, out, language=language)
    yield from verdicts(rehearsed, is_gated=is_gated)
    yield from excluded(found)
    yield from where(paths)


def _progress(size: int, tried: int, left: int) -> None:
    tell(say("run.suggest.progress", n=size, tried=tried, left=left), err=True)


def _as_typed(
    file: Path, sites: Path, out: Path, without: Sequence[str], exceptions: Sequence[str], flags: Sequence[str] = ()
) -> str:
    words = ["riskset", "study", "try", file, "--sites", sites, "--out", out, *flags]
    words += [word for text in exceptions for word in ("--exception", text)]
    words += [word for site in without for word in ("--without", site)]
    return shlex.join(map(str, words))


app.command(epilog="Example: riskset study dossier study.toml --lang ko --out dossier.html")(dossier)
app.command(epilog="Example: riskset study invite study.toml kurume --server coordinator")(invite)
app.command(epilog="Example: riskset study accept kurume --server coordinator")(accept)
app.command(epilog="Example: riskset study roster study.toml --server coordinator")(roster)
app.command(epilog="Example: riskset study revoke kurume --server coordinator")(revoke)


def facts_of(study: Study) -> dict[str, Any]:
    """The main facts of a correct study, for a person to check at a glance and for programs."""
    return {
        "id": study.id,
        "version": study.version,
        "title": study.title_in("en"),
        "sha256": study_hash(study),
        "sites": list(study.sites),
        "variables": len(study.variables),
        "derived": {name: str(derived.in_words) for name, derived in study.derivations.items()},
        "eligibility": [rule.id for rule in study.eligibility],
        "endpoints": {name: list(endpoint.variables) for name, endpoint in study.endpoints.items()},
        "analyses": {name: _analysis_facts(study, name) for name in study.analyses},
        "grid": {"width_days": study.time.grid.width_days, "max_days": study.time.grid.max_days},
        "rounds": _rounds(study),
        "needs": _needs(study),
        "release": None if study.release is None else study.release.model_dump(mode="json"),
    }


def _needs(study: Study) -> dict[str, dict[str, int]]:
    """By analysis with models, what its largest model needs to pass the rules, whatever the data are."""
    policy = default_policy(column_for(study.disclosure, len(study.sites)), study.disclosure.min_cell)
    return needed_by(plan(study), policy)


def _rounds(study: Study) -> dict[str, Any]:
    """The fewest exchanges with the sites a run needs, the analyses that determine it, and which of these iterate until
    they converge."""
    chain = plan(study).longest_chain()
    return {
        "at_least": chain.rounds,
        "chain": [analysis.id for analysis in chain.analyses],
        "iterative": [analysis.id for analysis in chain.iterative],
    }


def _analysis_facts(study: Study, name: str) -> dict[str, Any]:
    """One analysis: its kind, its endpoints and the facts its kind adds."""
    analysis = study.analyses[name]
    return {"kind": analysis.kind, "endpoints": list(analysis.outcome_endpoints), **analysis.facts(study)}


def _lines(study: Study, facts: dict[str, Any]) -> str:
    grid = facts["grid"]
    rows: list[tuple[str, str]] = [
        ("study", f"{facts['id']} {facts['version']}"),
        ("title", study.title_in(spoken())),
        ("sha256", facts["sha256"]),
        ("sites", ", ".join(facts["sites"])),
        ("variables", str(facts["variables"])),
        *(("derived", _derived_in_words(study, name, of.in_words)) for name, of in study.derivations.items()),
        ("eligibility", ", ".join(facts["eligibility"]) or say("server.study.every_row")),
        *(("endpoint", f"{name}: {', '.join(used)}") for name, used in facts["endpoints"].items()),
        *(("analysis", f"{name}: {told(line)}") for name in study.analyses for line in _entry_lines(study, name)),
        ("grid", say("server.study.grid", width_days=grid["width_days"], max_days=grid["max_days"])),
        ("rounds", _rounds_in_words(facts["rounds"])),
        *(("needs", _needs_in_words(study, name, n)) for name, n in facts["needs"].items()),
        *(("release", line) for line in decided_by(study)),
    ]
    labels = [told(say(f"server.study.label.{label}")) for label, _ in rows]
    width = max(map(columns_of, labels)) + 1
    return "\n".join(f"{padded(label, width)}{told(value)}" for label, (_, value) in zip(labels, rows, strict=True))


def _entry_lines(study: Study, name: str) -> list[str]:
    """The lines of one entry; the package is named where it is not riskset that provides the method."""
    entry = study.analyses[name]
    package = PACKAGES.versions.get(entry.kind)
    lines = entry.lines(study)
    return [say("study.method.provided_by", line=line, package=package) for line in lines] if package else [*lines]


def _rounds_in_words(rounds: dict[str, Any]) -> str:
    """The rounds of the longest chain; how often a model is evaluated is not known before the run."""
    at_least, chain = rounds["at_least"], rounds["chain"]
    found = told(say("server.study.rounds_iterative", at_least=at_least)) if rounds["iterative"] else str(at_least)
    longest = told(say("server.study.rounds_chain", chain=" -> ".join(chain)))
    return f"{found}; {longest}" if len(chain) > 1 else found


def _derived_in_words(study: Study, name: str, how: str) -> str:
    """How a variable is computed, and whether no analysis that uses it passes by default."""
    is_used = any(name in analysis.covariates for analysis in study.analyses.values())
    if is_used and study.is_combined(name):
        return say("server.study.combined", name=name, how=how)
    return f"{name}: {told(how)}"


def _needs_in_words(study: Study, name: str, needs: dict[str, int]) -> str:
    if column_for(study.disclosure, len(study.sites)) == "local":
        return say("server.study.needs_each", analysis=name, n=needs["parameters"], **needs)
    return say("server.study.needs", analysis=name, n=needs["parameters"], **needs)


def _json(facts: dict[str, Any]) -> str:
    return json_text(facts, indent=2)
