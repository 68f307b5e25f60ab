"""`riskset audit`: what an auditor runs. What is here needs no network and no key, and changes nothing; the package of
releases adds further commands through the entry points of `riskset.audit`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

import typer

from riskset.audit.bundle import RESULTS_JSON
from riskset.audit.compare import compare as compare_opened
from riskset.audit.comparison_told import comparison_json, comparison_lines
from riskset.audit.diff import check_one_log, differences
from riskset.audit.progress import Progress, shown
from riskset.audit.proof import check_proof, proof_json, proof_of, told
from riskset.audit.recorded_run import RecordedRun
from riskset.audit.replay import replay as compare_replayed
from riskset.audit.report_checks import check_report, installed_report
from riskset.audit.trusted import load_trusted
from riskset.audit.verify import Verification
from riskset.audit.verify import verify as verify_bundle
from riskset.catalogue import Message, say
from riskset.cli import Commands
from riskset.errors import DataError
from riskset.joining.signed import read_file
from riskset.language import Language
from riskset.terminal import tell
from riskset.visible_text import json_text

NOT_AS_SAID = 3
Report = Literal["drawn", "not installed", "left out"]
"""Whether the report was drawn again."""


class AuditCommands(Commands):
    """Those below, and those of the package that decides what is released."""

    provided: ClassVar[str] = "riskset.audit"
    called: ClassVar[str] = "audit "


app = typer.Typer(
    cls=AuditCommands,
    add_completion=False,
    no_args_is_help=True,
    help="Check the records of a finished run, offline; review what is released.",
)
Bundle = Annotated[Path, typer.Argument(help="The bundle, as `riskset bundle` wrote it.", metavar="BUNDLE")]
Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys", help="TOML: the fingerprints of coordinator and sites, as you heard them.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON, for programs.")]


@app.command()
def verify(
    bundle: Bundle,
    keys: Keys = None,
    receipt: Annotated[
        list[Path] | None,
        typer.Option("--receipt", help="A receipt that a site kept. May be repeated.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Check every signature, hash, order, expiry and cosignature of a bundle; with --receipt also that it is of the log
    that the sites saw, and that no later run is kept from you.

    Exit 3: something does not hold; each failure says where, and what it means.

    Example: riskset audit verify run.zip --keys trusted.toml --receipt seoul.receipt.json
    """
    with shown() as at:
        found = _verified(bundle, keys, at, receipt or ())
    _show(found, keys is not None, as_json)


@app.command()
def replay(
    bundle: Bundle,
    keys: Keys = None,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Draw no tables and figures again, which takes longest.")
    ] = False,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Check a bundle, then derive the results again from the sites' signed sums, draw the report again, and compare.

    Without the extra `report` the results are compared, and tables and figures are not. Nothing is written. Exit 3:
    something does not hold, or does not follow.

    Example: riskset audit replay run.zip --keys trusted.toml
    """
    with shown() as at:
        found = _verified(bundle, keys, at)
        draw = None if no_report else installed_report()
        again = compare_replayed(found.checks, found.files, found.run, at) if found.run is not None else None
        if found.run is not None and again is not None and draw is not None:
            at(say("audit.progress.drawing"))
            check_report(found.checks, found.files, found.run, again.results, draw)
    same_bytes = None if again is None else found.files.get(RESULTS_JSON) == again.results_json
    report: Report = "left out" if no_report else "not installed" if draw is None else "drawn"
    more = {} if same_bytes is None else {"same_bytes": same_bytes, "report": report}
    _show(found, keys is not None, as_json, said=[*_of_replay(same_bytes, report)], more=more)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The bundle of a run.", metavar="BEFORE")],
    after: Annotated[Path, typer.Argument(help="The bundle of a later run.", metavar="AFTER")],
    keys: Keys = None,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Say what differs between two runs: study, sites, approvals, programs and results.

    Exit 3: one of the bundles does not hold, or their logs are not one; then nothing is compared.

    Example: riskset audit diff first.zip second.zip --keys trusted.toml
    """
    both = []
    for file in (before, after):
        with shown() as at:
            both.append(_verified(file, keys, at))
    check_one_log(*both)
    for found in both:
        if found.run is None or not found.checks.all_hold:
            _show(found, keys is not None, as_json)
            raise typer.Exit(NOT_AS_SAID)
    (one, of_one), (other, of_other) = ((found.run, found.files) for found in both if found.run is not None)
    said = list(differences(one, of_one, other, of_other))
    if as_json:
        tell(json_text({"differences": [message.to_json() for message in said]}, 1))
        return
    for message in said or [say("audit.diff.none")]:
        tell(message)


@app.command()
def compare(
    bundle: Bundle,
    opening: Annotated[
        list[Path], typer.Argument(help="What sites opened with `riskset site open`.", metavar="OPENING...")
    ],
    keys: Keys = None,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Check a bundle, then compare what sites opened with what they sent, to the bit.

    An opening holds one site's sums: keep it as you keep the protocol of a session. With the openings of all sites it
    is known which of them refused what, and by which rule.

    Exit 3: something does not hold, or the records of the run are not whole.

    Example: riskset audit compare run.zip seoul.opening.json --keys trusted.toml
    """
    hint = say("cli.check_path")
    with shown() as at:
        found = _verified(bundle, keys, at)
    opened = {path.name: read_file(path, say("audit.called.opening"), hint) for path in opening}
    if len(opened) < len(opening):
        raise DataError(say("audit.opening.same_name"), say("audit.opening.same_name_hint"))
    compared = None if found.run is None else compare_opened(found.checks, found.files, found.run, opened)
    if not as_json:
        for line in comparison_lines(compared):
            tell(line)
    _show(found, keys is not None, as_json, more=comparison_json(compared))


@app.command()
def proof(
    file: Annotated[Path, typer.Argument(help="A file of a release folder.", metavar="FILE")],
    keys: Keys = None,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Check that a file is what a committee released, of a run that every hospital saw. It needs nothing else.

    The proof lies in the release folder. It says who accepted the file, and with which fingerprints: ask them.

    Exit 3: something does not hold, the file was withdrawn, or nobody signed it, as the pages of the release.

    Example: riskset audit proof released/tables/km-os-all.html
    """
    hint, trusted = say("cli.check_path"), None if keys is None else load_trusted(keys)
    content, of = read_file(file, say("audit.called.released"), hint), proof_of(file)
    name = file.absolute().relative_to(of.parent).as_posix()
    found = check_proof(read_file(of, say("audit.called.proof"), hint), name, content, trusted)
    if as_json:
        _print_json(Verification(found.checks, {}, None), proof_json(found))
    else:
        for message in (*told(found), *(say("audit.failed", finding=one.told) for one in found.checks.failures)):
            tell(message)
        tell(found.verdict(name))
    if not found.holds:
        raise typer.Exit(NOT_AS_SAID)


def _verified(bundle: Path, keys: Path | None, at: Progress, receipts: Sequence[Path] = ()) -> Verification:
    trusted, hint = None if keys is None else load_trusted(keys), say("cli.check_path")
    kept = {str(file): read_file(file, say("audit.called.receipt"), hint) for file in receipts}
    return verify_bundle(read_file(bundle, say("audit.called.bundle"), hint), trusted, kept, at)


def _show(
    found: Verification,
    knows_keys: bool,
    as_json: bool,
    *,
    said: Sequence[Message] = (),
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Prints what was found, and what a command says besides: `said` for people, `more` as JSON. Raises Exit(3) where
    something does not hold."""
    checks = found.checks
    if as_json:
        _print_json(found, more)
    else:
        if found.run is not None:
            tell(say("audit.of", **_of(found.run)))
        for topic, n in checks.held.items():
            tell(say(f"audit.topic.{topic}", n=n))
        for finding in checks.odd:
            tell(say("audit.odd", finding=finding.told))
        for finding in checks.failures:
            tell(say("audit.failed", finding=finding.told))
        if not knows_keys:
            tell(say("audit.no_keys"))
        for line in said:
            tell(line)
        n = len(checks.failures)
        tell(say("audit.result.failed", n=n) if n else say("audit.result.holds", n=checks.held.total()))
    if checks.failures:
        raise typer.Exit(NOT_AS_SAID)


def _of_replay(same_bytes: bool | None, report: Report) -> Iterator[Message]:
    if same_bytes is None:
        yield say("audit.replay.not_possible")
        return
    yield say("audit.replay.same") if same_bytes else say("audit.replay.other")
    if report == "not installed":
        yield say("audit.report.not_installed")
    elif report == "left out":
        yield say("audit.report.left_out")


def _of(run: RecordedRun) -> dict[str, Any]:
    """Returns which run it is, for who holds it against what was asked for."""
    study = {"study": run.study.id, "version": run.study.version}
    return {"run": run.id, **study, "sites": run.participants, "began": run.began_at, "last_reply": run.last_reply_at}


def _print_json(found: Verification, more: Mapping[str, Any]) -> None:
    checks = found.checks
    content = {
        **({} if found.run is None else {"of": _of(found.run)}),
        "holds": checks.all_hold,
        "checks": dict(checks.held),
        "failures": [finding.to_json() for finding in checks.failures],
        "odd": [finding.to_json() for finding in checks.odd],
        **more,
    }
    tell(json_text(content, 1))
