"""The kinds of `[source]` that are systems of a hospital: a database, an OMOP CDM, a project of REDCap."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, field_validator, model_validator

from riskset.catalogue import say
from riskset.study.toml_table import complain
from riskset_site.data.omop_columns import OmopColumn
from riskset_site.data.site_source import Source, TimeZone, TypedSource, known_encoding
from riskset_site.data.site_texts import ColumnName, Delimiter
from riskset_site.data.sources.csv_form import CsvForm
from riskset_site.data.sources.database import DUCKDB, PASSWORD, SQLITE
from riskset_site.data.sources.omop import Cdm
from riskset_site.data.sources.redcap import TOKEN, Redcap, name_of

_PASSWORD = re.compile(r"://[^/@]*:[^/@]*@|[?&;](password|pwd|token|secret)=", re.IGNORECASE)
_TOKEN = re.compile(r"[?&;](token|password)=|://[^/]*@", re.IGNORECASE)
_SAFE = re.compile(r"https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/]")
"""A token goes over TLS, or does not leave the machine."""


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
    zone: TimeZone = None
    """In which instants are read as days."""


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


class RedcapSource(Source):
    """An export of REDCap with its data dictionary, or the API of a project."""

    kind = "redcap"
    extra = "redcap"

    redcap: Annotated[str, StringConstraints(min_length=1)]
    dictionary: Path | None = None
    """Of an export; the API gives its own."""
    encoding: str = "utf-8-sig"
    delimiter: Delimiter = ","
    holds: Literal["codes", "labels"] = "codes"
    """What the export has for a choice: codes of a raw one, or labels."""
    labels: bool | None = None
    """Whether choices are read as their labels; None: as the export has them."""

    _known = field_validator("encoding")(known_encoding)

    @property
    def is_api(self) -> bool:
        return "://" in self.redcap

    @property
    def path(self) -> Path:
        return name_of(self.redcap) if self.is_api else Path(self.redcap)

    @property
    def files(self) -> dict[str, Path]:
        return {} if self.is_api or self.dictionary is None else {self.kind: self.path, "dictionary": self.dictionary}

    @property
    def text_form(self) -> CsvForm | None:
        return None if self.is_api else CsvForm(self.encoding, self.delimiter)

    @property
    def how(self) -> Redcap:
        """How its choices are read."""
        return Redcap(self.holds, self.holds == "labels" if self.labels is None else self.labels, self.missing)

    def under(self, folder: Path) -> Self:
        absolute = {key: folder / path for key, path in self.files.items()}
        if absolute:
            absolute[self.kind] = str(absolute[self.kind])  # type: ignore[assignment]
        return self.model_copy(update=absolute)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if not self.is_api and self.dictionary is None:
            complain(say("data.redcap.needs_dictionary"))
        if self.is_api and {"dictionary", "encoding", "delimiter", "holds"} & self.model_fields_set:
            complain(say("data.redcap.api_keys"))
        if self.is_api and not _SAFE.match(self.redcap):
            complain(say("data.redcap.https"))
        if self.is_api and _TOKEN.search(self.redcap):
            complain(say("data.source.password_in_file", variable=TOKEN))
        return self
