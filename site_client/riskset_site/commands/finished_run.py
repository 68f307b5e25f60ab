"""What commands about a run that is over have in common: the run with the site's keys, and the file that is signed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.private_files import create_file
from riskset_site.data.config import load_site_file
from riskset_site.keys import Identity, SitePaths, load_keys
from riskset_site.records.disclosing import RunOver, run_over
from riskset_site.records.journal import JournalFile, own_ledger


@contextmanager
def finished_run(site_file: Path, run: str) -> Iterator[tuple[Identity, RunOver]]:
    """Opens the site's journal. Raises DataError where there is none, or the run is not in it; Refused where the run is
    not over."""
    site, paths = load_site_file(site_file, needs_export=False).site, SitePaths(site_file.parent)
    if not paths.journal.exists():
        raise DataError(say("site.ledger.none", file=str(paths.journal)), say("site.ledger.none_hint"))
    identity = load_keys(paths)
    with closing(JournalFile(own_ledger(paths, identity, site))) as journal:
        yield identity, run_over(journal, site, run)


def write_new(file: Path, content: bytes) -> None:
    """Writes a file that was not there. Raises DataError where there is one of this name."""
    if os.path.lexists(file):
        raise DataError(say("release.veto.exists", file=str(file)), say("release.veto.exists_hint"))
    create_file(file, content)
