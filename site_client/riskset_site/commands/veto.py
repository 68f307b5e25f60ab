"""`riskset site veto`: a hospital forbids that an output of a run is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.language import OwnLanguage
from riskset.ledger.durable import utc_now
from riskset.secure.keys import public_hex
from riskset.terminal import tell
from riskset_release.vetoes import Veto
from riskset_site.commands import SiteToml, speak_at
from riskset_site.commands.finished_run import finished_run, write_new
from riskset_site.records.disclosing import signing_key


def veto(
    site_file: SiteToml,
    run: Annotated[str, typer.Argument(metavar="RUN")],
    output: Annotated[str, typer.Argument(metavar="[OUTPUT]")] = "",
    reason: Annotated[str, typer.Option()] = "",
    out: Annotated[Path | None, typer.Option(show_default=False)] = None,
    language: OwnLanguage = None,
) -> None:
    """Writes a signed veto of an output."""
    speak_at(site_file)
    with finished_run(site_file, run) as (identity, of):
        key, study = signing_key(of, identity), of.opened.public["study"]
    made = Veto(study, run, output, of.site, " ".join(reason.split()), utc_now(), public_hex(key))
    if problem := made.problem():
        raise DataError(problem)
    file = out or site_file.parent / made.file_name
    write_new(file, made.signed(key))
    tell(say("release.veto.written", file=str(file), output=output or say("release.veto.every")))
