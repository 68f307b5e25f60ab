"""`[source]` of a site file: where the rows are and how they are written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from riskset.catalogue import say
from riskset.study.toml_table import TomlTable, complain
from riskset_site.data.site_mapping import Take
from riskset_site.data.site_texts import (
    ColumnName,
    DateFormats,
    DecimalMark,
    ExportText,
    StudyText,
    ThousandsMark,
)
from riskset_site.data.sources.encodings import NARROWER, canonical_encoding


class Rows(TomlTable):
    """How several rows of a patient become one."""

    one_per: ColumnName
    """The column of the patient number."""
    take: Take = "only"
    order: ColumnName | None = None
    """A column of dates or numbers in whose order a row is first or last; the order of the export where there is
    none."""


class Source(TomlTable):
    """Where the rows are and how they are written."""

    csv: Path
    """Path of the export, relative to the folder of the site file."""
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    missing: tuple[ExportText, ...] = ("", "NA")
    dates: DateFormats = ("%Y-%m-%d",)
    no_date: tuple[StudyText, ...] = ()
    """What the export writes in a column of dates where there is none."""
    exported: date | None = None
    """The day on which the export was made; no date in it can be later."""
    key: ColumnName | None = None
    """Column of the patient number: finds duplicates, never leaves the site."""
    decimal: DecimalMark = "."
    thousands: ThousandsMark = ""
    two_digit_years: int | None = Field(default=None, ge=1868, le=2100)
    """The first of the hundred years that a year of two digits may mean."""
    rows: Rows | None = None
    """Which of several rows of a patient counts."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            codec = canonical_encoding(value)
        except LookupError:
            if value.lower().replace("_", "-").startswith("utf-16"):
                complain(say("data.site_file.utf_16"))
            complain(say("data.site_file.unknown_encoding", encoding=value))
        if codec in NARROWER and codec != "utf-8":
            complain(say("data.site_file.narrow_encoding", encoding=value, wider=NARROWER[codec]))
        return NARROWER.get(codec, codec)

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if len(value) != 1 or value in '"\r\n' or value.isalnum():
            complain(say("data.site_file.delimiter"))
        return value

    @property
    def date_formats(self) -> tuple[str, ...]:
        """How the dates of the source are written."""
        return self.dates

    @property
    def patient(self) -> str | None:
        """The column of the patient number."""
        return self.rows.one_per if self.rows else self.key

    @model_validator(mode="after")
    def _agree(self) -> Source:
        if self.decimal == self.thousands:
            complain(say("data.site_file.one_mark", mark=self.decimal))
        if self.rows and self.key not in (None, self.rows.one_per):
            complain(say("data.site_file.two_keys", key=self.key, one_per=self.rows.one_per))
        return self
