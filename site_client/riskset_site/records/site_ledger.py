"""A site's ledger, found by its site file and opened with its own keys."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from riskset.catalogue import Message, say
from riskset.errors import DataError
from riskset.joining.invite import load_connection
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import public_from_hex
from riskset_site.data.config import load_site_file
from riskset_site.keys import SitePaths, load_keys
from riskset_site.records.journal import JournalFile, ledger_to_read
from riskset_site.records.ledger_review import LedgerReview, check_begins_with, ledger_review


def site_ledger(site_file: Path, held: str = "") -> LedgerReview:
    """Returns the contents of the ledger, after verifying all of it; nothing is written.

    `held` is a checkpoint noted earlier, empty for none. Raises DataError where there is no ledger yet, or `held` is
    not a checkpoint; VerificationError where an entry or a message was changed, removed or added, or where the ledger
    does not continue `held`.
    """
    site = load_site_file(site_file, needs_export=False).site
    paths = SitePaths(site_file.parent)
    if not paths.journal.exists():
        raise DataError(say("site.ledger.none", file=str(paths.journal)), say("site.ledger.none_hint"))
    with closing(JournalFile(ledger_to_read(paths, load_keys(paths), site))) as journal:
        if held:
            check_begins_with(journal, held)
        return ledger_review(journal, site, _coordinator(paths))


def _coordinator(paths: SitePaths) -> Message:
    connection = load_connection(paths.connection)
    words = fingerprint_words(public_from_hex(connection.coordinator))
    return say("site.review.coordinator", address=connection.address, words=words)
