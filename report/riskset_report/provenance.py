"""provenance.json: from which study, run and program a folder comes, and the SHA-256 of each of its files."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final

from riskset.study.load import study_hash
from riskset_report.in_place import file_hash
from riskset_report.report import Report

SCHEMA: Final = 1
PACKAGES: Final = ("riskset", "numpy", "matplotlib", "python-docx", "jinja2")
"""Whose versions may change the bytes of a file."""


@dataclass(frozen=True)
class Recorded:
    """What the coordinator's record says of a run. Times are UTC, ISO 8601."""

    roster: str
    """SHA-256 of the roster."""
    began_at: str
    ended_at: str
    """When the last reply of a site was received."""


@dataclass(frozen=True)
class FigureFonts:
    """How the texts of figures were drawn."""

    files: Mapping[str, str]
    """SHA-256 of each font's file, by the font's name, in the order in which they are tried."""
    are_paths: bool
    """Whether texts are outlines in SVG and PDF."""


def time_text(at: str) -> str:
    """Returns a time of the record as a report prints it: `2026-11-22 14:05 UTC`."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def provenance(report: Report, recorded: Recorded | None, fonts: FigureFonts, contents: Mapping[str, bytes]) -> bytes:
    """Returns provenance.json: the same bytes for the same run, versions, fonts and files. Nothing is read from a
    clock; `recorded` is None of a rehearsal, whose times are then null."""
    results, study = report.results, report.results.study
    of_packages, system = {name: version(name) for name in PACKAGES}, f"{platform.system()} {platform.machine()}"
    whole: dict[str, Any] = {
        "schema": SCHEMA,
        "study": {"id": study.id, "version": study.version, "sha256": study_hash(study)},
        "run": results.run,
        "recorded": recorded is not None,
        "roster": recorded and recorded.roster,
        "began_at": recorded and recorded.began_at,
        "ended_at": recorded and recorded.ended_at,
        "sites": list(results.sites),
        "language": report.language,
        "versions": {"python": platform.python_version(), **of_packages, "system": system},
        "fonts": dict(fonts.files),
        "text_as_paths": fonts.are_paths,
        "files": {name: file_hash(content) for name, content in contents.items()},
    }
    return f"{json.dumps(whole, indent=1, ensure_ascii=False)}\n".encode()
