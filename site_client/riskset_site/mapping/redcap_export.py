"""Whether an export is of REDCap: the data dictionary of its project, which is beside it or is named."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from riskset.errors import DataError
from riskset_site.data.sources.csv_form import CsvForm
from riskset_site.data.sources.redcap_dictionary import Dictionary, read_dictionary

_FIRST_COLUMN = "Variable / Field Name"
_MOST = 0.5
"""Of the columns of an export that the dictionary of its project has."""


@dataclass(frozen=True)
class RedcapProject:
    """The dictionary of an export."""

    path: Path
    dictionary: Dictionary
    holds: str
    """`codes` for a raw export, `labels` for one with labels."""

    @property
    def labels(self) -> dict[str, str]:
        """By column the label of its field, or of the choice that a checkbox is of."""
        found = {}
        for field in self.dictionary.fields.values():
            choices = list(field.choices.values())
            for at, (name, _) in enumerate(field.columns):
                found[name] = choices[at] if field.is_checkbox else field.label
        return found

    @property
    def field_labels(self) -> dict[str, str]:
        """By field its label."""
        return {name: field.label for name, field in self.dictionary.fields.items()}


def redcap_project(export: Path, named: str | None, encoding: str) -> RedcapProject | None:
    """Returns the project of an export: by the dictionary that is `named`, else by the only one beside the export that
    has the record's id and most of its columns. None where there is none. Raises DataError where the one that is named
    is no dictionary, and OSError where it cannot be opened."""
    if named is not None:
        return _project(export, Path(named), encoding) if named else None
    found = [_project_or_none(export, path, encoding) for path in sorted(export.parent.glob("*.csv")) if path != export]
    fitting = [project for project in found if project is not None]
    return fitting[0] if len(fitting) == 1 else None


def _project_or_none(export: Path, path: Path, encoding: str) -> RedcapProject | None:
    try:
        with path.open(encoding=encoding, errors="replace") as file:
            if _FIRST_COLUMN not in file.readline(1000):
                return None
        project = _project(export, path, encoding)
    except (OSError, DataError, UnicodeDecodeError):
        return None  # another file of the folder
    return project if _is_of(export, project, encoding) else None


def _project(export: Path, path: Path, encoding: str) -> RedcapProject:
    dictionary = read_dictionary(path, path.read_text(encoding=encoding))
    names = CsvForm(encoding).names(export)
    own = {name for field in dictionary.fields.values() for name, _ in field.columns}
    renamed = dictionary.by_name(names)
    holds = "codes" if len(own & set(names)) >= len(own & set(renamed)) else "labels"
    return RedcapProject(path, dictionary, holds)


def _is_of(export: Path, project: RedcapProject, encoding: str) -> bool:
    """Whether an export is of a project: every one has the record's id, and most of the columns are fields of it. The
    dictionary of another study shares a few names with any table."""
    names = CsvForm(encoding).names(export)
    read = names if project.holds == "codes" else project.dictionary.by_name(names)
    known = set(read) & set(project.labels)
    return project.dictionary.record_id in known and len(known) >= _MOST * len(names)
