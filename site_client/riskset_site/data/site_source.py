"""`[source]` of a site file: where the rows are and how they are written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from pydantic import Field, field_validator

from riskset.catalogue import say
from riskset.study.toml_table import TomlTable, complain
from riskset_site.data.dates import is_date_format
from riskset_site.data.site_texts import ColumnName, ExportText, StudyText
from riskset_site.data.sources.encodings import NARROWER, canonical_encoding


class Source(TomlTable):
    """Where the rows are and how they are written."""

    csv: Path
    """Path of the export, relative to the folder of the site file."""
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    missing: tuple[ExportText, ...] = ("", "NA")
    dates: tuple[str, ...] = Field(default=("%Y-%m-%d",), min_length=1)
    no_date: tuple[StudyText, ...] = ()
    """What the export writes in a column of dates where there is none."""
    exported: date | None = None
    """The day on which the export was made; no date in it can be later."""
    key: ColumnName | None = None
    """Column of the patient number: finds duplicates, never leaves the site."""

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

    @field_validator("dates")
    @classmethod
    def _whole_dates(cls, value: Sequence[str]) -> Sequence[str]:
        for form in value:
            if not is_date_format(form):
                complain(say("data.site_file.date_format", format=form))
        return value
