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
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as riskset site status lists it.")],
    output: Annotated[
        str, typer.Argument(metavar="[OUTPUT]", help="Its id, as the auditors name it. Without one: every output.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why, in 20 characters or more; the auditors read it.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: in the folder of the site.", show_default=False)
    ] = None,
    language: OwnLanguage = None,
) -> None:
    """Forbid that an output of a run that is over is published.

    It writes a file that is signed by this site's key in the run. Give it to the auditors: while it is among their
    votes, the output is not released, whatever they vote.

    Example: riskset site veto site.toml 0f9a3c5e7b1d2468 table-1 --reason "One of our patients is named in it."
    """
    speak_at(site_file)
    with finished_run(site_file, run) as (identity, of):
        key, study = signing_key(of, identity), of.opened.public["study"]
    made = Veto(study, run, output, of.site, " ".join(reason.split()), utc_now(), public_hex(key))
    if problem := made.problem():
        raise DataError(problem)
    file = out or site_file.parent / made.file_name
    write_new(file, made.signed(key))
    tell(say("release.veto.written", file=str(file), output=output or say("release.veto.every")))
