"""`riskset audit`: what an auditor runs. What is here needs no network and no key, and changes nothing; the package of
releases adds further commands through the entry points of `riskset.audit`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

import typer

from riskset.audit.checks import Checks
from riskset.audit.compare import compare as compare_opened
from riskset.audit.comparison_told import comparison_json, comparison_lines
from riskset.audit.diff import differences
from riskset.audit.replay import replay as compare_replayed
from riskset.audit.trusted import load_trusted
from riskset.audit.verify import Verification
from riskset.audit.verify import verify as verify_bundle
from riskset.catalogue import say
from riskset.cli import Commands
from riskset.errors import DataError
from riskset.joining.signed import read_file
from riskset.language import Language
from riskset.terminal import tell
from riskset.visible_text import json_text

NOT_AS_SAID = 3


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
    found = _verified(bundle, keys, receipt or ())
    _show(found.checks, keys is not None, as_json)


@app.command()
def replay(bundle: Bundle, keys: Keys = None, as_json: AsJson = False, language: Language = None) -> None:
    """Check a bundle, then derive the results again from the sites' signed sums, and compare.

    Exit 3: something does not hold, or the results do not follow.

    Example: riskset audit replay run.zip --keys trusted.toml
    """
    found = _verified(bundle, keys)
    same_bytes = compare_replayed(found.checks, found.files, found.run) if found.run is not None else None
    _show(found.checks, keys is not None, as_json, same_bytes=same_bytes, is_replay=True)


@app.command()
def diff(
    before: Annotated[Path, typer.Argument(help="The bundle of a run.", metavar="BEFORE")],
    after: Annotated[Path, typer.Argument(help="The bundle of a later run.", metavar="AFTER")],
    keys: Keys = None,
    as_json: AsJson = False,
    language: Language = None,
) -> None:
    """Say what differs between two runs: study, sites, approvals, programs and results.

    Exit 3: one of the bundles does not hold; then nothing is compared.

    Example: riskset audit diff first.zip second.zip --keys trusted.toml
    """
    compared = []
    for file in (before, after):
        found = _verified(file, keys)
        if found.run is None or not found.checks.all_hold:
            _show(found.checks, keys is not None, as_json)
            raise typer.Exit(NOT_AS_SAID)
        compared.append((found.run, found.files))
    (one, of_one), (other, of_other) = compared
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
    found, hint = _verified(bundle, keys), say("cli.check_path")
    opened = {path.name: read_file(path, say("audit.called.opening"), hint) for path in opening}
    if len(opened) < len(opening):
        raise DataError(say("audit.opening.same_name"), say("audit.opening.same_name_hint"))
    compared = None if found.run is None else compare_opened(found.checks, found.files, found.run, opened)
    if not as_json:
        for line in comparison_lines(compared):
            tell(line)
    _show(found.checks, keys is not None, as_json, more=comparison_json(compared))


def _verified(bundle: Path, keys: Path | None, receipts: Sequence[Path] = ()) -> Verification:
    trusted, hint = None if keys is None else load_trusted(keys), say("cli.check_path")
    kept = {str(file): read_file(file, say("audit.called.receipt"), hint) for file in receipts}
    return verify_bundle(read_file(bundle, say("audit.called.bundle"), hint), trusted, kept)


def _show(
    checks: Checks,
    knows_keys: bool,
    as_json: bool,
    *,
    same_bytes: bool | None = None,
    is_replay: bool = False,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Prints what was found; `more` as JSON only. Raises Exit(3) where something does not hold."""
    if as_json:
        _print_json(checks, {**({} if same_bytes is None else {"same_bytes": same_bytes}), **more})
    else:
        for topic, n in checks.held.items():
            tell(say(f"audit.topic.{topic}", n=n))
        for finding in checks.odd:
            tell(say("audit.odd", finding=finding.told))
        for finding in checks.failures:
            tell(say("audit.failed", finding=finding.told))
        if not knows_keys:
            tell(say("audit.no_keys"))
        if is_replay:
            tell(_of_replay(same_bytes))
        n = len(checks.failures)
        tell(say("audit.result.failed", n=n) if n else say("audit.result.holds", n=checks.held.total()))
    if checks.failures:
        raise typer.Exit(NOT_AS_SAID)


def _of_replay(same_bytes: bool | None) -> str:
    if same_bytes is None:
        return say("audit.replay.not_possible")
    return say("audit.replay.same") if same_bytes else say("audit.replay.other")


def _print_json(checks: Checks, more: Mapping[str, Any]) -> None:
    content = {
        "holds": checks.all_hold,
        "checks": dict(checks.held),
        "failures": [finding.to_json() for finding in checks.failures],
        "odd": [finding.to_json() for finding in checks.odd],
        **more,
    }
    tell(json_text(content, 1))
