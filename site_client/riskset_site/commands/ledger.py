"""`riskset site ledger`."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.joining.invite import load_connection
from riskset.language import OwnLanguage
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex
from riskset_site.commands import AsJson, HtmlFile, SiteToml, speak_at
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths, load_keys
from riskset_site.pages.output import facts_json, write_page
from riskset_site.records.journal import JournalFile, ledger_to_read
from riskset_site.records.ledger_page import ledger_page
from riskset_site.records.ledger_review import check_begins_with, ledger_review


def ledger(
    site_file: SiteToml,
    as_json: AsJson = False,
    html: HtmlFile = None,
    held: Annotated[
        str,
        typer.Option(metavar="CHECKPOINT"),
    ] = "",
    language: OwnLanguage = None,
) -> None:
    """Prints the whole ledger, or writes it as HTML or JSON; it is verified first."""
    speak_at(site_file)
    site = load_site_file(site_file, needs_export=False).site
    paths = SitePaths(site_file.parent)
    if not paths.journal.exists():
        raise DataError(say("site.ledger.none", file=str(paths.journal)), say("site.ledger.none_hint"))
    with closing(JournalFile(ledger_to_read(paths, load_keys(paths), site))) as journal:
        if held:
            check_begins_with(journal, held)
        found = ledger_review(journal, site, _coordinator(paths))
    write_page(ledger_page(found), html, facts_json(found) if as_json else None)


def _coordinator(paths: SitePaths) -> Message:
    connection = load_connection(paths.connection)
    words = fingerprint_words(public_from_hex(connection.coordinator))
    return say("site.review.coordinator", address=connection.address, words=words)
