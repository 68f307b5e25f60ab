"""`riskset site ledger`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from riskset.errors import DataError
from riskset.joining.invite import load_connection
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex
from riskset_site.commands.approve import SiteToml
from riskset_site.data.config import load_site_file
from riskset_site.keys.identity import SiteFolder, load_keys
from riskset_site.pages.output import facts_json, write_page
from riskset_site.records.journal import JournalFile
from riskset_site.records.ledger_page import ledger_page
from riskset_site.records.ledger_review import check_begins_with, ledger_review
from riskset_site.records.own_ledger import own_ledger


def ledger(
    site_file: SiteToml,
    as_json: Annotated[bool, typer.Option("--json", help="The same facts for a program, every number too.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the page, every number too, to this file.")] = None,
    held: Annotated[
        str, typer.Option(metavar="CHECKPOINT", help="As noted on an earlier day: does the ledger still begin so?")
    ] = "",
) -> None:
    """Show every number that ever left this site: when, for which study and run, under which approval, and what the
    rules said; and every approval, pause and refusal. The whole ledger is checked first. Nothing is sent.

    Exit 1: an entry or a message was changed, dropped or added, and it is told which.

    Example: riskset site ledger site.toml --html ledger.html
    """
    site = load_site_file(site_file, needs_export=False).site
    folder = SiteFolder(site_file.parent)
    if not folder.journal.exists():
        raise DataError(f"there is no ledger at {folder.journal}", "it begins with riskset site approve")
    identity = load_keys(folder)
    own_ledger(folder, identity, site).close()
    with closing(JournalFile(folder.journal, identity.signing, site)) as journal:
        if held:
            check_begins_with(journal, held)
        found = ledger_review(journal, site, _coordinator(folder))
    write_page(ledger_page(found), html, facts_json(found) if as_json else None)


def _coordinator(folder: SiteFolder) -> str:
    connection = load_connection(folder.connection)
    return f"{connection.address}, key: {fingerprint_words(public_from_hex(connection.coordinator))}"
