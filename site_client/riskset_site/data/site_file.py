"""The site file as a typed value: every key that `site.toml` may have. It never leaves the hospital.

`agreement` checks it against the study (names of variables, levels); `docs/site-file.md` explains every key.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from riskset.catalogue import languages, say
from riskset.study.toml_table import Name, TomlTable, complain
from riskset_site.data.site_mapping import AnyMapped, Mapped, MappedColumn
from riskset_site.data.site_texts import ExportText, as_text
from riskset_site.data.source_kinds import AnySource


def _by_full_name(value: Any) -> Any:  # noqa: ANN401
    """`R1.population_rows = 100` is two nested keys in TOML and one limit here."""
    if not isinstance(value, dict):
        return value
    flat: dict[str, Any] = {}
    for name, given in value.items():
        inner = given if isinstance(given, dict) else {"": given}
        flat.update({f"{name}.{limit}".rstrip("."): amount for limit, amount in inner.items()})
    return flat


LimitText = Annotated[ExportText, BeforeValidator(as_text)]
"""`20`, `0.2` or `1/5`; `agreement` reads it together with the study's limit."""


class SiteFile(TomlTable):
    """A whole site file."""

    schema_: Literal[1] = Field(alias="schema")
    study: Name
    site: Name
    language: str | None = None
    """Of this hospital's pages and of what its commands print, where it is not the study's."""
    source: AnySource
    map_: dict[str, Mapped] = Field(default_factory=dict, alias="map")
    limits: Annotated[dict[str, LimitText], BeforeValidator(_by_full_name)] = Field(default_factory=dict)
    """By name (`min_cell`, `R1.population_rows`): limits stricter than the study's."""

    @field_validator("language")
    @classmethod
    def _with_catalogue(cls, value: str | None) -> str | None:
        if value is not None and value not in languages():
            complain(say("study.value.no_catalogue", found=value, languages=languages()))
        return value

    def mapped(self, variable: str) -> AnyMapped:
        """Returns the columns of a variable: the one of the same name unless [map] names others."""
        return self.map_.get(variable) or MappedColumn(column=variable)

    @property
    def date_formats(self) -> tuple[str, ...]:
        """Every format of dates that the file names."""
        return (*self.source.dates, *(form for one in self.map_.values() for form in getattr(one, "dates", None) or ()))
