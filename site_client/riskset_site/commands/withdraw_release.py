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
    released: Annotated[Path, typer.Argument(help="The folder of the release, or a copy.", metavar="RELEASED")],
    outputs: Annotated[
        list[str] | None, typer.Argument(metavar="[OUTPUT]...", help="Ids. Without any: every output.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="Your name as it is printed with the signature.")] = "",
    reason: Annotated[str, typer.Option("--reason", help="Why, in 20 characters or more; everybody reads it.")] = "",
    keys: Annotated[
        Path | None,
        typer.Option(
            "--keys", help="TOML: fingerprints; where auditors who accepted nothing have withdrawn.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder to write into. Default: that of the site.", show_default=False)
    ] = None,
    language: OwnLanguage = None,
) -> None:
    """Withdraw outputs of a release of a run in which this site took part.

    It writes a file for each output, signed by this site's key in the run. Give them to whoever published: riskset
    audit withdraw puts them into the folder. No copy and no citation is taken back.

    Example: riskset site withdraw-release site.toml released table-1 --name "M. Uchida" --reason "A date was coded
    wrongly at our hospital."
    """
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
