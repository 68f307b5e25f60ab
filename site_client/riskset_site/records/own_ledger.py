"""A site's ledger under the key it has now, also where that key is newer than the ledger."""

from __future__ import annotations

from contextlib import suppress

from riskset.errors import VerificationError
from riskset.ledger.log_file import LedgerFile
from riskset_site.keys.identity import Identity, SiteFolder
from riskset_site.records.journal import open_ledger


def own_ledger(folder: SiteFolder, identity: Identity, site: str) -> LedgerFile:
    """Returns the ledger, handed over to the present key by the one before where keys were renewed.

    Raises VerificationError where it holds under none of the site's keys, DataError where it cannot be read or written.
    """
    try:
        return open_ledger(folder.journal, identity.signing, site)
    except VerificationError:
        for key in reversed(identity.earlier):
            with suppress(VerificationError):
                ledger = open_ledger(folder.journal, key, site)
                ledger.renew(identity.signing)
                return ledger
        raise
