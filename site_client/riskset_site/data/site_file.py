"""The site file as a typed value: every key that `site.toml` may have. It never leaves the hospital.

`agreement` checks it against the study (names of variables, levels); `docs/site-file.md` explains every key.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from riskset.catalogue import languages, say
from riskset.study.toml_table import Name, TomlTable, complain
from riskset_site.data.dates import is_date_format
from riskset_site.data.sources.encodings import NARROWER, canonical_encoding

ColumnName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Matched letter by letter after stripping."""
ExportText = Annotated[str, StringConstraints(strip_whitespace=True)]


def _as_text(value: Any) -> Any:  # noqa: ANN401 - any value of TOML; pydantic refuses what is not a scalar
    """TOML's true, 1 and 9999-12-31 mean the texts "true", "1" and "9999-12-31"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | date) else value


StudyText = Annotated[ExportText, BeforeValidator(_as_text)]


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


class MappedColumn(TomlTable):
    """A variable that is in one column."""

    column: ColumnName
    recode: dict[ExportText, StudyText] = Field(default_factory=dict)
    """From a text of the export to a text of the study; the empty text means missing."""
    unit: Literal["day", "week", "month", "year"] | None = None
    """Of a time, where it is not the study's unit."""
    other: Literal["error", "exclude"] = "error"
    """What happens to a row whose text is neither recoded nor a value of the study."""

    @model_validator(mode="before")
    @classmethod
    def _a_plain_name(cls, value: Any) -> Any:  # noqa: ANN401
        return {"column": value} if isinstance(value, str) else value

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


class YearsBetween(TomlTable):
    """The number of completed years from the first date to the second."""

    years_between: tuple[ColumnName, ColumnName]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.years_between


def _form(value: Any) -> str:  # noqa: ANN401
    years = "years_between" in value if isinstance(value, dict) else isinstance(value, YearsBetween)
    return "<years>" if years else "<column>"


Mapped = Annotated[
    Annotated[MappedColumn, Tag("<column>")] | Annotated[YearsBetween, Tag("<years>")], Discriminator(_form)
]


def _by_full_name(value: Any) -> Any:  # noqa: ANN401
    """`R1.population_rows = 100` is two nested keys in TOML and one limit here."""
    if not isinstance(value, dict):
        return value
    flat: dict[str, Any] = {}
    for name, given in value.items():
        inner = given if isinstance(given, dict) else {"": given}
        flat.update({f"{name}.{limit}".rstrip("."): amount for limit, amount in inner.items()})
    return flat


LimitText = Annotated[ExportText, BeforeValidator(_as_text)]
"""`20`, `0.2` or `1/5`; `agreement` reads it together with the study's limit."""


class SiteFile(TomlTable):
    """A whole site file."""

    schema_: Literal[1] = Field(alias="schema")
    study: Name
    site: Name
    language: str | None = None
    """Of this hospital's pages and of what its commands print, where it is not the study's."""
    source: Source
    map_: dict[str, Mapped] = Field(default_factory=dict, alias="map")
    limits: Annotated[dict[str, LimitText], BeforeValidator(_by_full_name)] = Field(default_factory=dict)
    """By name (`min_cell`, `R1.population_rows`): limits stricter than the study's."""

    @field_validator("language")
    @classmethod
    def _with_catalogue(cls, value: str | None) -> str | None:
        if value is not None and value not in languages():
            complain(say("study.value.no_catalogue", found=value, languages=languages()))
        return value

    def mapped(self, variable: str) -> MappedColumn | YearsBetween:
        """Returns the columns of a variable: the one of the same name unless [map] names others."""
        return self.map_.get(variable) or MappedColumn(column=variable)
