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
        typer.Option(metavar="CHECKPOINT", help="Check that the ledger continues a checkpoint noted earlier."),
    ] = "",
    language: OwnLanguage = None,
) -> None:
    """Show every number this site ever sent, and every approval, pause and refusal.

    Beside each number: when it was sent, for which study and run, under which approval, and the findings of the
    rules. The whole ledger is verified first. Nothing is sent.

    Exit 1: an entry or a message was changed, removed or added; the error says which.

    Example: riskset site ledger site.toml --html ledger.html
    """
    speak_at(site_file)
    found = site_ledger(site_file, held)
    write_page(ledger_page(found), html, facts_json(found) if as_json else None)
