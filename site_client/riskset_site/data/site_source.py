"""`[source]` of a site file: where the rows are and how they are written.

One key names the kind and the path; each kind has its own keys besides the common ones.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

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
from riskset_site.data.sources.csv_form import CsvForm
from riskset_site.data.sources.encodings import NARROWER, canonical_encoding

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


def _encoding(value: str) -> str:
    try:
        codec = canonical_encoding(value)
    except LookupError:
        if value.lower().replace("_", "-").startswith("utf-16"):
            complain(say("data.site_file.utf_16"))
        complain(say("data.site_file.unknown_encoding", encoding=value))
    if codec in NARROWER and codec != "utf-8":
        complain(say("data.site_file.narrow_encoding", encoding=value, wider=NARROWER[codec]))
    return NARROWER.get(codec, codec)


def _one_or_two_rows(value: Any) -> Any:  # noqa: ANN401
    """Returns the rows of the header; pydantic refuses what is not a list of whole numbers."""
    rows = (value,) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(rows, list | tuple) or not all(type(row) is int and row >= 1 for row in rows):
        complain(say("data.source.header_rows"))
    if not (len(rows) == 1 or (len(rows) == 2 and rows[1] == rows[0] + 1)):
        complain(say("data.source.header_rows"))
    return tuple(rows)


HeaderRows = Annotated[tuple[int, ...], BeforeValidator(_one_or_two_rows)]
FooterRows = Annotated[int, Field(ge=0)]
OwnEncoding = Annotated[str | None, AfterValidator(lambda value: value and _encoding(value))]
"""None: the one that the file names itself."""


class CsvSource(Source):
    """A file of texts between delimiters."""

    kind = "csv"

    csv: Path
    """Path of the export, relative to the folder of the site file."""
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    quote: str = '"'
    header: HeaderRows = (1,)
    footer: FooterRows = 0

    @property
    def text_form(self) -> CsvForm:
        delimiter = self.delimiter if "delimiter" in self.model_fields_set else None
        return CsvForm(self.encoding, delimiter, self.quote, self.header, self.footer)

    _known = field_validator("encoding")(_encoding)

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if len(value) != 1 or value in '"\r\n' or value.isalnum():
            complain(say("data.site_file.delimiter"))
        return value

    @field_validator("quote")
    @classmethod
    def _one_mark(cls, value: str) -> str:
        if len(value) > 1 or value.isalnum() or value.isspace():
            complain(say("data.source.quote"))
        return value


class TypedSource(Source):
    """A source whose dates have a type: they become texts, and those are always read."""

    @property
    def date_formats(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.dates, _ISO)))


class ExcelSource(TypedSource):
    """A sheet of a workbook."""

    kind = "excel"

    excel: Path
    sheet: str | None = None
    """Needed where several sheets have rows."""
    header: HeaderRows = (1,)
    footer: FooterRows = 0


class ParquetSource(TypedSource):
    """A file of Apache Parquet."""

    kind = "parquet"
    extra = "parquet"

    parquet: Path


class FeatherSource(TypedSource):
    """A file of Feather, version 2."""

    kind = "feather"
    extra = "parquet"

    feather: Path


class SasSource(TypedSource):
    """A data set of SAS, or a transport file."""

    kind = "sas"
    extra = "statistics"

    sas: Path
    encoding: OwnEncoding = None


class SpssSource(TypedSource):
    """A data file of SPSS."""

    kind = "spss"
    extra = "statistics"

    spss: Path
    encoding: OwnEncoding = None
    labels: bool = False
    """Whether a value is the label that the file has for it."""


class StataSource(TypedSource):
    """A data set of Stata."""

    kind = "stata"
    extra = "statistics"

    stata: Path
    encoding: OwnEncoding = None
    labels: bool = False


_KINDS = (CsvSource, ExcelSource, ParquetSource, FeatherSource, SasSource, SpssSource, StataSource)
SOURCES: dict[str, type[Source]] = {one.kind: one for one in _KINDS}
"""Each kind of source, by the key that names it."""


def _one_kind(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        named = tuple(kind for kind in SOURCES if kind in value)
        if not named:
            complain(say("data.source.no_source", kinds=tuple(SOURCES)))
        if len(named) > 1:
            complain(say("data.source.two_sources", kinds=named))
    return value


def _tag(value: Any) -> str:  # noqa: ANN401
    named = value if isinstance(value, dict) else type(value).model_fields if isinstance(value, Source) else ()
    return f"<{next((kind for kind in SOURCES if kind in named), CsvSource.kind)}>"


AnySource = Annotated[
    Annotated[CsvSource, Tag("<csv>")]
    | Annotated[ExcelSource, Tag("<excel>")]
    | Annotated[ParquetSource, Tag("<parquet>")]
    | Annotated[FeatherSource, Tag("<feather>")]
    | Annotated[SasSource, Tag("<sas>")]
    | Annotated[SpssSource, Tag("<spss>")]
    | Annotated[StataSource, Tag("<stata>")],
    Discriminator(_tag),
    BeforeValidator(_one_kind),
]
