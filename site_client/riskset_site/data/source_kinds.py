"""The kinds of `[source]` of a site file.

One key names the kind and where the export is; each kind has its own keys besides the common ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    field_validator,
)

from riskset.catalogue import say
from riskset.study.toml_table import Since, complain
from riskset_site.data.site_source import Source, TimeZone, TypedSource, known_encoding
from riskset_site.data.site_texts import Delimiter
from riskset_site.data.source_systems import DatabaseSource, OmopSource, RedcapSource
from riskset_site.data.sources.csv_form import CsvForm


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
OwnEncoding = Annotated[str | None, AfterValidator(lambda value: value and known_encoding(value))]
"""None: the one that the file names itself."""


class CsvSource(Source):
    """A file of texts between delimiters."""

    kind = "csv"

    csv: Path
    """Path of the export, relative to the folder of the site file."""
    encoding: str = "utf-8-sig"
    delimiter: Delimiter = ","
    quote: str = '"'
    header: HeaderRows = (1,)
    footer: FooterRows = 0
    zone: Annotated[TimeZone, Since("0.2.0")] = None
    """In which texts of instants are read as days."""

    @property
    def text_form(self) -> CsvForm:
        delimiter = self.delimiter if "delimiter" in self.model_fields_set else None
        return CsvForm(self.encoding, delimiter, self.quote, self.header, self.footer)

    _known = field_validator("encoding")(known_encoding)

    @field_validator("quote")
    @classmethod
    def _one_mark(cls, value: str, info: ValidationInfo) -> str:
        is_mark = len(value) <= 1 and not value.isalnum() and not value.isspace()
        if not is_mark or value == info.data.get("delimiter"):
            complain(say("data.source.quote"))
        return value


class ExcelSource(TypedSource):
    """A sheet of a workbook."""

    kind = "excel"

    excel: Path
    sheet: str | None = None
    """Needed where several sheets have rows."""
    header: HeaderRows = (1,)
    footer: FooterRows = 0
    zone: TimeZone = None


class ParquetSource(TypedSource):
    """A file of Apache Parquet."""

    kind = "parquet"
    extra = "parquet"

    parquet: Path
    zone: TimeZone = None
    """In which instants are read as days."""


class FeatherSource(TypedSource):
    """A file of Feather, version 2."""

    kind = "feather"
    extra = "parquet"

    feather: Path
    zone: TimeZone = None


class SasSource(TypedSource):
    """A data set of SAS, or a transport file."""

    kind = "sas"
    extra = "statistics"
    has_days_of_excel = False

    sas: Path
    encoding: OwnEncoding = None


class SpssSource(TypedSource):
    """A data file of SPSS."""

    kind = "spss"
    extra = "statistics"
    has_days_of_excel = False

    spss: Path
    encoding: OwnEncoding = None
    labels: bool = False
    """Whether a value is the label that the file has for it."""


class StataSource(TypedSource):
    """A data set of Stata."""

    kind = "stata"
    extra = "statistics"
    has_days_of_excel = False

    stata: Path
    encoding: OwnEncoding = None
    labels: bool = False


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
    RedcapSource,
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
    | Annotated[OmopSource, Tag("<omop>")]
    | Annotated[RedcapSource, Tag("<redcap>")],
    Discriminator(_tag),
    BeforeValidator(_one_kind),
]
