"""`riskset audit`: what an auditor runs. It needs no network and no key, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from riskset.audit.diff import check_one_log, differences
from riskset.audit.recorded_run import RecordedRun
from riskset.audit.replay import replay as compare_replayed
from riskset.audit.trusted import load_trusted
from riskset.audit.verify import Verification
from riskset.audit.verify import verify as verify_bundle
from riskset.catalogue import say
from riskset.joining.signed import read_file
from riskset.language import Language
from riskset.terminal import tell
from riskset.visible_text import json_text

NOT_AS_SAID = 3
app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check the records of a finished run, offline.")
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
    _show(_verified(bundle, keys, receipt or ()), keys is not None, as_json)


@app.command()
def replay(bundle: Bundle, keys: Keys = None, as_json: AsJson = False, language: Language = None) -> None:
    """Check a bundle, then derive the results again from the sites' signed sums, and compare.

    Exit 3: something does not hold, or the results do not follow.

    Example: riskset audit replay run.zip --keys trusted.toml
    """
    found = _verified(bundle, keys)
    same_bytes = compare_replayed(found.checks, found.files, found.run) if found.run is not None else None
    _show(found, keys is not None, as_json, same_bytes=same_bytes, is_replay=True)


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
    both = [_verified(file, keys) for file in (before, after)]
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


def _verified(bundle: Path, keys: Path | None, receipts: Sequence[Path] = ()) -> Verification:
    trusted, hint = None if keys is None else load_trusted(keys), say("cli.check_path")
    kept = {str(file): read_file(file, say("audit.called.receipt"), hint) for file in receipts}
    return verify_bundle(read_file(bundle, say("audit.called.bundle"), hint), trusted, kept)


def _show(
    found: Verification, knows_keys: bool, as_json: bool, *, same_bytes: bool | None = None, is_replay: bool = False
) -> None:
    """Prints what was found. Raises Exit(3) where something does not hold."""
    checks = found.checks
    if as_json:
        _print_json(found, same_bytes)
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


def _of(run: RecordedRun) -> dict[str, Any]:
    """Returns which run it is, for who holds it against what was asked for."""
    study = {"study": run.study.id, "version": run.study.version}
    return {"run": run.id, **study, "sites": run.participants, "began": run.began_at, "last_reply": run.last_reply_at}


def _print_json(found: Verification, same_bytes: bool | None) -> None:
    checks = found.checks
    content = {
        **({} if found.run is None else {"of": _of(found.run)}),
        "holds": checks.all_hold,
        "checks": dict(checks.held),
        "failures": [finding.to_json() for finding in checks.failures],
        "odd": [finding.to_json() for finding in checks.odd],
        **({} if same_bytes is None else {"same_bytes": same_bytes}),
    }
    tell(json_text(content, 1))
