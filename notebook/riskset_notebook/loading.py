"""Reads results.json: what a run found, without any of its parties."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from riskset.catalogue import say
from riskset.errors import DataError
from riskset.results.document import SCHEMA
from riskset.strict_json import MOST_BYTES, NotStrictJson, read_json
from riskset.study.spec import Study
from riskset_notebook.columns import Json
from riskset_notebook.design import StudyDesign
from riskset_notebook.frames.part import Setting
from riskset_notebook.notes import with_notes
from riskset_notebook.run import Run
from riskset_notebook.tables import TablesInFolder
from riskset_report.in_place import RESULTS
from riskset_report.labels import Labels, labels_of

_KEYS: Final = ("run", "study", "sites", "time", "notices", "results")
_KEYS_OF_RESULT: Final = ("id", "kind", "analysis", "status", "gate")


@with_notes
def load(path: str | os.PathLike[str], study: StudyDesign | None = None) -> Run:
    """Returns the run in `path`: results.json, its folder, or a folder that has the folder of one run.

    With `study`, frames and drawings have its labels, and drawings its ticks; otherwise names are their own labels.
    Raises DataError where there is no run or several, where the file is none that this version reads, and where it is
    of another study.
    """
    file = _file(Path(path))
    document = _document(file)
    if study is not None and document["study"]["sha256"] != study.sha256:
        raise DataError(say("notebook.load.other_study", file=str(file), study=study.id))
    setting = setting_of(document, None if study is None else study.spec)
    return Run(document, setting, TablesInFolder(file.parent))


def setting_of(document: Json, study: Study | None) -> Setting:
    """Returns what frames and drawings need besides a result."""
    time = document["time"]
    if study is None:
        return Setting(Labels(), time["unit"], time["days_per_unit"])
    return Setting(labels_of(study, study.language), time["unit"], time["days_per_unit"], study.time.ticks)


def _file(path: Path) -> Path:
    if path.is_dir() and not (path / RESULTS).is_file():
        found = sorted(path.glob(f"*/{RESULTS}"))
        if len(found) == 1:
            return found[0]
        hint = say("notebook.load.name_one", runs=tuple(str(file.parent) for file in found)) if found else None
        message = say("notebook.load.several", n=len(found), folder=str(path)) if found else None
        raise DataError(
            message or say("notebook.load.no_run", folder=str(path)), hint or say("notebook.load.where_runs_are")
        )
    return path / RESULTS if path.is_dir() else path


def _document(file: Path) -> dict[str, Any]:
    try:
        document = read_json(file.read_bytes(), MOST_BYTES)
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise DataError(
            say("notebook.load.unreadable", file=str(file), reason=reason), say("notebook.load.where_runs_are")
        ) from None
    except NotStrictJson as error:
        raise DataError(say("notebook.load.not_json", file=str(file), reason=str(error))) from None
    if not isinstance(document, Mapping) or not {"schema", *_KEYS} <= document.keys() or not _has_results(document):
        raise DataError(say("notebook.load.not_results", file=str(file)), say("notebook.load.where_runs_are"))
    if document["schema"] != SCHEMA:
        raise DataError(
            say("notebook.load.schema", file=str(file), found=document["schema"], known=SCHEMA),
            say("notebook.load.update"),
        )
    return dict(document)


def _has_results(document: Json) -> bool:
    results = document["results"]
    return isinstance(results, list) and all(
        isinstance(one, Mapping) and set(_KEYS_OF_RESULT) <= one.keys() for one in results
    )
