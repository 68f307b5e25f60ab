"""The data dictionary of a REDCap project: its fields, and what the codes of their choices mean."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from riskset.catalogue import say
from riskset_site.data.sources.csv import unreadable

_NAMES = {
    "name": ("Variable / Field Name", "field_name"),
    "type": ("Field Type", "field_type"),
    "label": ("Field Label", "field_label"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
}
"""Columns of the dictionary as a file, and as the API gives it."""
_CHOICES = {"radio", "dropdown", "checkbox"}
_YES_NO = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
_SYSTEM = {
    "Event Name": "redcap_event_name",
    "Repeat Instrument": "redcap_repeat_instrument",
    "Repeat Instance": "redcap_repeat_instance",
    "Data Access Group": "redcap_data_access_group",
}
"""Columns that REDCap adds, by their headers in an export with labels."""
_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Field:
    """One field of the project."""

    name: str
    label: str
    choices: Mapping[str, str]
    """The label of each code; empty where the field has no choices."""
    is_checkbox: bool

    @property
    def columns(self) -> Iterator[tuple[str, str]]:
        """Yields its columns in an export by their names, with their headers in one with labels."""
        if not self.is_checkbox:
            yield self.name, self.label
        for code, choice in self.choices.items() if self.is_checkbox else ():
            yield checkbox_column(self.name, code), f"{self.label} (choice={choice})"


@dataclass(frozen=True)
class Dictionary:
    """All fields, by name; the first one is the record's id."""

    fields: Mapping[str, Field]

    @property
    def record_id(self) -> str:
        return next(iter(self.fields))

    def field_of(self, column: str) -> Field | None:
        """Returns the field of a column of an export; None of one that REDCap adds."""
        return self.fields.get(column) or self.fields.get(column.partition("___")[0])

    def by_name(self, headers: Sequence[str]) -> tuple[str, ...]:
        """Returns headers of an export with labels as the names of the columns, where a label is of one field alone."""
        labels = [(label, name) for field in self.fields.values() for name, label in field.columns]
        times = Counter(label for label, _ in labels)
        names = _SYSTEM | {label: name for label, name in labels if times[label] == 1}
        return tuple(names.get(_plain(header), header) for header in headers)


def checkbox_column(field: str, code: str) -> str:
    """Returns the name of a checkbox in an export: dm___1, or dm____1 for the code -1."""
    return f"{field}___{re.sub('[^a-z0-9_]', '_', code.lower())}"


def read_dictionary(path: Path, text: str) -> Dictionary:
    """Returns the dictionary from its CSV; `path` names it in errors. Raises DataError, with the problem, for a text
    that is not a dictionary."""
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    headers = set(rows[0]) if rows else set()
    found = {key: next((name for name in names if name in headers), None) for key, names in _NAMES.items()}
    missing = [_NAMES[key][0] for key, name in found.items() if name is None]
    if missing:
        raise unreadable(path, say("data.redcap.no_dictionary"), say("data.redcap.its_columns", names=tuple(missing)))
    cells = ({key: (row[name or ""] or "").strip() for key, name in found.items()} for row in rows)
    fields = [_field(**one) for one in cells if one["name"]]
    return Dictionary({field.name: field for field in fields})


def _field(name: str, type: str, label: str, choices: str) -> Field:
    known = dict(_parsed(choices)) if type in _CHOICES else _YES_NO.get(type, {})
    return Field(name, _plain(label), known, type == "checkbox")


def _parsed(choices: str) -> Iterator[tuple[str, str]]:
    """Yields code and label of `1, Male | 2, Female`."""
    for choice in choices.split("|"):
        code, _, label = choice.partition(",")
        if code.strip():
            yield code.strip(), _plain(label)


def _plain(text: str) -> str:
    """Returns a label as an export has it: without tags of HTML, on one line."""
    return " ".join(_TAGS.sub("", text).split())
