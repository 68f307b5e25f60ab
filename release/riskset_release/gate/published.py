"""The release folder: the report of what may be published, and nothing of the rest."""

from __future__ import annotations

from riskset_release.gate.gated import Gated
from riskset_report.folder import contents_of
from riskset_report.provenance import Recorded


def published_files(gated: Gated, recorded: Recorded, language: str | None = None) -> dict[str, bytes]:
    """Returns the files of the release folder by their path: those of the folder of a run (docs/run-folder.md), each
    rendered from the gated cells alone."""
    return contents_of(gated.report(language=language), recorded, are_texts_paths=False)
