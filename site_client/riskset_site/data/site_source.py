"""`[source]` of a site file: how an export writes its values, whatever kind it is. The kinds are in `source_kinds`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, ClassVar, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from riskset.catalogue import say
from riskset.study.toml_table import TomlTable, complain
from riskset_site.data.number_forms import NumberForm
from riskset_site.data.site_mapping import Take
from riskset_site.data.site_texts import (
    ColumnName,
    DateFormats,
    DecimalMark,
    ExportText,
    StudyText,
    ThousandsMark,
)
from riskset_site.data.sources.csv_form import CsvForm
from riskset_site.data.sources.encodings import NARROWER, canonical_encoding
from riskset_site.data.value_kinds import Writing

_ISO = "%Y-%m-%d"


class Rows(TomlTable):
    """How several rows of a patient become one."""

    one_per: ColumnName
    """The column of the patient number."""
    take: Take = "only"
    order: ColumnName | None = None
    """A column of dates or numbers in whose order a row is first or last; the order of the export where there is
    none."""


class Source(TomlTable):
    """What every kind of source can say."""

    kind: ClassVar[str] = ""
    """The key that names it, whose value is the path."""
    extra: ClassVar[str] = "site"
    """Of riskset, with the packages that read it."""
    has_days_of_excel: ClassVar[bool] = True
    """False where a bare number that is a day is hardly one of Excel."""

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

    @property
    def path(self) -> Path:
        """The export; what is not a file has a name for people."""
        path: Path = getattr(self, self.kind)
        return path

    @property
    def files(self) -> dict[str, Path]:
        """What must exist before anything is read, by the key that names it."""
        return {self.kind: self.path}

    @property
    def text_form(self) -> CsvForm | None:
        """How the texts of a file of texts are written; None for every other kind."""
        return None

    def under(self, folder: Path) -> Self:
        """Returns the source with its relative paths below a folder."""
        return self.model_copy(update={key: folder / path for key, path in self.files.items()})

    @property
    def date_formats(self) -> tuple[str, ...]:
        """How the dates of the source are written."""
        return self.dates

    @property
    def writing(self) -> Writing:
        """How the source writes numbers and dates, where a variable says nothing else."""
        numbers = NumberForm(self.decimal, self.thousands)
        return Writing(numbers, self.date_formats, self.no_date, self.two_digit_years)

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


class TypedSource(Source):
    """A source whose dates have a type: they become texts, and those are always read."""

    @property
    def date_formats(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.dates, _ISO)))


def _known_zone(value: str | None) -> str | None:
    try:
        return None if value is None else ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        complain(say("data.source.zone", zone=value))


TimeZone = Annotated[str | None, AfterValidator(_known_zone)]
"""By its name in the data base of time zones: `Asia/Tokyo`."""


def known_encoding(value: str) -> str:
    """Returns Python's own name of an encoding, of the wider one where it lacks characters; rejects every other one."""
    try:
        codec = canonical_encoding(value)
    except LookupError:
        if value.lower().replace("_", "-").startswith("utf-16"):
            complain(say("data.site_file.utf_16"))
        complain(say("data.site_file.unknown_encoding", encoding=value))
    if codec in NARROWER and codec != "utf-8":
        complain(say("data.site_file.narrow_encoding", encoding=value, wider=NARROWER[codec]))
    return NARROWER.get(codec, codec)
