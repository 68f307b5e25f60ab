"""The texts of a site file: names of columns, texts of an export and of the study, formats of dates, marks."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from riskset.catalogue import say
from riskset.study.toml_table import complain
from riskset_site.data.dates import is_date_format

ColumnName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Matched letter by letter after stripping."""
ExportText = Annotated[str, StringConstraints(strip_whitespace=True)]


def as_text(value: Any) -> Any:  # noqa: ANN401 - any value of TOML; pydantic refuses what is not a scalar
    """TOML's true, 1 and 9999-12-31 mean the texts "true", "1" and "9999-12-31"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | date) else value


StudyText = Annotated[ExportText, BeforeValidator(as_text)]


def _whole_dates(formats: tuple[str, ...]) -> tuple[str, ...]:
    for form in formats:
        if not is_date_format(form):
            complain(say("data.site_file.date_format", format=form))
    return formats


DateFormats = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_whole_dates)]


def _decimal(mark: str) -> str:
    if mark not in (".", ","):
        complain(say("data.site_file.decimal"))
    return mark


def _thousands(mark: str) -> str:
    if mark not in ("", ",", ".", " ", "'"):
        complain(say("data.site_file.thousands"))
    return mark


DecimalMark = Annotated[str, AfterValidator(_decimal)]
ThousandsMark = Annotated[str, AfterValidator(_thousands)]
"""Between groups of three digits; empty for none."""


def one_delimiter(value: str) -> str:
    """Returns a character between fields; rejects every other text."""
    if len(value) != 1 or value in '"\r\n' or value.isalnum():
        complain(say("data.site_file.delimiter"))
    return value


Delimiter = Annotated[str, AfterValidator(one_delimiter)]
