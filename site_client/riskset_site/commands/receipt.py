"""`riskset site receipt`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError, Refused
from riskset.language import OwnLanguage
from riskset.private_files import create_file
from riskset.protocol.end_messages import read_delivery
from riskset.protocol.journal import Exchange
from riskset.protocol.messages import RECEIPT
from riskset.secure.envelope import claimed_head, unframe
from riskset.terminal import tell
from riskset_site.commands import SiteToml, speak_at
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths, load_keys
from riskset_site.records.journal import JournalFile, ledger_to_read


def receipt(
    site_file: SiteToml,
    run: Annotated[str, typer.Argument(metavar="RUN")],
    out: Annotated[
        Path | None,
        typer.Option(show_default=False),
    ] = None,
    language: OwnLanguage = None,
) -> None:
    """Writes the receipt of a run into a file. Raises Refused where none has arrived."""
    speak_at(site_file)
    site, paths = load_site_file(site_file, needs_export=False).site, SitePaths(site_file.parent)
    if not paths.journal.exists():
        raise DataError(say("site.ledger.none", file=str(paths.journal)), say("site.ledger.none_hint"))
    with closing(JournalFile(ledger_to_read(paths, load_keys(paths), site))) as journal:
        exchanges = journal.exchanges(run)
    target = out or paths.root / f"{site}.{run}.receipt.json"
    if target.exists():
        raise DataError(say("site.receipt.exists", file=target), say("site.receipt.exists_hint"))
    create_file(target, _receipt(run, exchanges))
    tell(say("site.receipt.written", file=target))


def _receipt(run: str, exchanges: Sequence[Exchange]) -> bytes:
    """Returns the receipt as it was delivered."""
    if not exchanges:
        raise DataError(say("site.receipt.no_run", run=run), say("site.receipt.no_run_hint"))
    last = exchanges[-1].request
    if claimed_head(last).type != RECEIPT:
        raise Refused("no_receipt", say("site.receipt.none", run=run), say("site.receipt.none_hint"))
    return read_delivery(unframe(last)[1])[0] + b"\n"
