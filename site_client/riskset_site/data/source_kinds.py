"""The kinds of `[source]` of a site file.

One key names the kind and where the export is; each kind has its own keys besides the common ones.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
)

from riskset.catalogue import say
from riskset.study.toml_table import complain
from riskset_site.data.omop_columns import OmopColumn
from riskset_site.data.site_source import Source
from riskset_site.data.site_texts import ColumnName
from riskset_site.data.sources.csv_form import CsvForm
from riskset_site.data.sources.database import DUCKDB, PASSWORD, SQLITE
from riskset_site.data.sources.encodings import NARROWER, canonical_encoding
from riskset_site.data.sources.omop import Cdm

_ISO = "%Y-%m-%d"
_PASSWORD = re.compile(r"://[^/@]*:[^/@]*@|[?&;](password|pwd|token|secret)=", re.IGNORECASE)


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


def _without_password(address: str) -> str:
    if _PASSWORD.search(address):
        complain(say("data.source.password_in_file", variable=PASSWORD))
    if "://" not in address:
        complain(say("data.source.address"))
    return address


Address = Annotated[str, AfterValidator(_without_password)]
"""Of a database: `duckdb:///warehouse.duckdb`, or as SQLAlchemy writes it."""


class _InDatabase(TypedSource):
    extra = "sql"

    @property
    def address(self) -> str:
        address: str = getattr(self, self.kind)
        return address

    @property
    def path(self) -> Path:
        """The file or folder; of a server, a name for people."""
        for scheme in (DUCKDB, SQLITE):
            if self.address.startswith(scheme):
                return Path(self.address.removeprefix(scheme))
        return Path(self.address.rpartition("/")[2].partition("?")[0] or self.address)

    @property
    def files(self) -> dict[str, Path]:
        return {self.kind: self.path} if self.address.startswith((DUCKDB, SQLITE)) else {}

    def under(self, folder: Path) -> Self:
        scheme = next((one for one in (DUCKDB, SQLITE) if self.address.startswith(one)), None)
        return self.model_copy(update={self.kind: f"{scheme}{folder / self.path}"}) if scheme else self


class DatabaseSource(_InDatabase):
    """The rows of a query."""

    kind = "database"

    database: Address
    query: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class OmopSource(_InDatabase):
    """The patients of a cohort in an OMOP CDM."""

    kind = "omop"

    omop: Address
    schema_: Annotated[str, StringConstraints(pattern=r"^([A-Za-z_]\w*(\.[A-Za-z_]\w*)?)?$")] = Field(
        "", alias="schema"
    )
    """Before the names of tables."""
    cohort: Annotated[int, Field(ge=0)]
    """The id of the definition whose entries are the rows."""
    columns: dict[ColumnName, OmopColumn] = Field(default_factory=dict)

    @property
    def cdm(self) -> Cdm:
        return Cdm(self.address, self.schema_, self.cohort, self.columns)


_KINDS = (
    CsvSource,
    ExcelSource,
    ParquetSource,
    FeatherSource,
    SasSource,
    SpssSource,
    StataSource,
    DatabaseSource,
    OmopSource,
)
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
    | Annotated[StataSource, Tag("<stata>")]
    | Annotated[DatabaseSource, Tag("<database>")]
    | Annotated[OmopSource, Tag("<omop>")],
    Discriminator(_tag),
    BeforeValidator(_one_kind),
]
