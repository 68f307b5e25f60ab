"""The pages beside the outputs of a release, each made of the release alone."""

from __future__ import annotations

from typing import Final

from riskset.catalogue import languages
from riskset_release.folder import crate
from riskset_release.folder.index import NOTE, index_page, statement_name
from riskset_release.folder.note import note_page
from riskset_release.folder.released import Released
from riskset_release.folder.statement import statement_page

INDEX: Final = "index.html"
PAGES: Final = (INDEX, NOTE, *map(statement_name, languages()), crate.FILE)
"""What is beside the outputs, the proof and the committee's record."""


def pages_of(released: Released) -> dict[str, bytes]:
    """Returns every page by its path: index, note, a transfer statement in each language, and the RO-Crate, which
    lists the others."""
    pages = {
        INDEX: index_page(released).encode(),
        NOTE: note_page(released).encode(),
        **{statement_name(one): statement_page(released, one).encode() for one in languages()},
    }
    return {**pages, crate.FILE: crate.crate_file(released, pages)}
