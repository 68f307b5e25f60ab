"""The site file as a typed value: what `site.toml` may say, key by key. It stays in the hospital.

What it says about a study (names of variables, levels) is checked by `agreement`, against the study; every key is
explained in `docs/site-file.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, StringConstraints, Tag, field_validator, model_validator

from riskset.study.toml_table import Name, TomlTable, complain
from riskset_site.data.dates import is_date_format
from riskset_site.data.sources.encodings import NARROWER, canonical_encoding

Header = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""A column's name; headers are met after stripping, otherwise letter by letter."""
Code = Annotated[str, StringConstraints(strip_whitespace=True)]


def _as_text(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds; what is not a scalar is refused as no text
    """TOML's true and 1 are what a person means by "true" and "1"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Meaning = Annotated[Code, BeforeValidator(_as_text)]


class Source(TomlTable):
    """Where the rows are and how they are written."""

    csv: Path
    """Path of the export; a relative one begins at the site file."""
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    missing: tuple[Code, ...] = ("", "NA")
    dates: tuple[str, ...] = Field(default=("%Y-%m-%d",), min_length=1)
    key: Header | None = None
    """The patient's own number: finds duplicates, never leaves."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            codec = canonical_encoding(value)
        except LookupError:
            complain(f"there is no encoding {value!r}; common ones are utf-8-sig, cp932 (Japanese) and cp949 (Korean)")
        if codec in NARROWER and codec != "utf-8":
            complain(f"{value!r} lacks characters that exports hold: write {NARROWER[codec]!r} instead")
        return NARROWER.get(codec, codec)

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str) -> str:
        if len(value) != 1 or value in '"\r\n' or value.isalnum():
            complain(r"a delimiter is one character such as ',', ';' or '\t'")
        return value

    @field_validator("dates")
    @classmethod
    def _whole_dates(cls, value: Sequence[str]) -> Sequence[str]:
        for form in value:
            if not is_date_format(form):
                complain(f"{form!r} does not hold year, month and day; examples: '%Y-%m-%d', '%d.%m.%Y', 'wareki'")
        return value


class ColumnOfTexts(TomlTable):
    """A variable that stands in one column."""

    column: Header
    recode: dict[Code, Meaning] = Field(default_factory=dict)
    """A text of the export to a text of the study; the empty text is missing."""
    other: Literal["error", "exclude"] = "error"
    """What becomes of a row whose text is neither recoded nor a value of the study."""

    @model_validator(mode="before")
    @classmethod
    def _a_plain_name(cls, value: Any) -> Any:  # noqa: ANN401
        return {"column": value} if isinstance(value, str) else value

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)


class YearsBetween(TomlTable):
    """A number that is the completed years from the first date to the second."""

    years_between: tuple[Header, Header]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.years_between


def _form(value: Any) -> str:  # noqa: ANN401
    years = "years_between" in value if isinstance(value, dict) else isinstance(value, YearsBetween)
    return "<years>" if years else "<column>"


Mapped = Annotated[
    Annotated[ColumnOfTexts, Tag("<column>")] | Annotated[YearsBetween, Tag("<years>")], Discriminator(_form)
]


def _by_full_name(value: Any) -> Any:  # noqa: ANN401
    """`R1.population_rows = 100` is two keys in TOML and one limit here."""
    if not isinstance(value, dict):
        return value
    flat: dict[str, Any] = {}
    for name, given in value.items():
        inner = given if isinstance(given, dict) else {"": given}
        flat.update({f"{name}.{limit}".rstrip("."): amount for limit, amount in inner.items()})
    return flat


Amount = Annotated[Code, BeforeValidator(_as_text)]
"""`20`, `0.2` or `1/5`; what it is worth is told by `agreement`, with the study's own."""


class SiteFile(TomlTable):
    """A whole site file."""

    schema_: Literal[1] = Field(alias="schema")
    study: Name
    site: Name
    source: Source
    map_: dict[str, Mapped] = Field(default_factory=dict, alias="map")
    limits: Annotated[dict[str, Amount], BeforeValidator(_by_full_name)] = Field(default_factory=dict)
    """By name (`min_cell`, `R1.population_rows`): what this hospital wants stricter than the study."""

    def mapped(self, variable: str) -> ColumnOfTexts | YearsBetween:
        """Returns where a variable stands: in the column of its own name where [map] does not say otherwise."""
        return self.map_.get(variable) or ColumnOfTexts(column=variable)
