"""`[map]` of a site file: which column contains which variable of the study, and how it is read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from riskset.study.toml_table import TomlTable
from riskset_site.data.site_texts import ColumnName, ExportText, StudyText


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
