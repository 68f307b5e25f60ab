"""`riskset site withdraw-release`: a hospital takes a released output back, as far as that is possible."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.audit.trusted import load_trusted
from riskset.catalogue import say
from riskset.language import OwnLanguage
from riskset.ledger.durable import utc_now
from riskset.terminal import tell
from riskset_release.folder.released import read_folder, released_of
from riskset_release.folder.signing import named_outputs, withdrawal_of, withdrawn_before
from riskset_site.commands import SiteToml, speak_at
from riskset_site.commands.finished_run import finished_run, write_new
from riskset_site.records.disclosing import signing_key


def withdraw_release(
    site_file: SiteToml,
    released: Annotated[Path, typer.Argument(metavar="RELEASED")],
    outputs: Annotated[list[str] | None, typer.Argument(metavar="[OUTPUT]...")] = None,
    name: Annotated[str, typer.Option("--name")] = "",
    reason: Annotated[str, typer.Option("--reason")] = "",
    keys: Annotated[
        Path | None,
        typer.Option("--keys", show_default=False),
    ] = None,
    out: Annotated[Path | None, typer.Option(show_default=False)] = None,
    language: OwnLanguage = None,
) -> None:
    """Writes a signed withdrawal for each output that was not withdrawn before."""
    speak_at(site_file)
    trusted = None if keys is None else load_trusted(keys)
    found = released_of(*read_folder(released), trusted)
    with finished_run(site_file, found.run) as (identity, of):
        key = signing_key(of, identity)
    at, written = utc_now(), dict[Path, bytes]()
    for output in named_outputs(found, outputs or []):
        if withdrawn_before(output, key):
            tell(say("release.withdrawal.already", output=output.id))
            continue
        made = withdrawal_of(found, output, key, name, reason, at, of.site)
        written[(out or site_file.parent) / made.file_name] = made.signed(key)
    for file, content in written.items():
        write_new(file, content)
        tell(say("release.withdrawal.written", file=str(file), name=file.name))
