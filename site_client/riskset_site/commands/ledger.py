"""`riskset site ledger`."""

from __future__ import annotations

from typing import Annotated

import typer

from riskset.language import OwnLanguage
from riskset_site.commands import AsJson, HtmlFile, SiteToml, speak_at
from riskset_site.pages.output import facts_json, write_page
from riskset_site.records.ledger_page import ledger_page
from riskset_site.records.site_ledger import site_ledger


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
    found = site_ledger(site_file, held)
    write_page(ledger_page(found), html, facts_json(found) if as_json else None)
