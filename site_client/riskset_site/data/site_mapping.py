"""`[map]` of a site file: which columns contain which variable of the study, and how they are read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from riskset.catalogue import say
from riskset.study.toml_table import Since, TomlTable, complain
from riskset_site.data.number_forms import AboveLimit, BelowLimit
from riskset_site.data.site_texts import ColumnName, DateFormats, DecimalMark, ExportText, StudyText, ThousandsMark

Take = Literal["only", "first", "last", "max", "min"]
"""Which value of several rows of a patient counts; `only`: they must be equal."""


def _one_or_more(value: Any) -> Any:  # noqa: ANN401 - any value of TOML; pydantic refuses what is no list of texts
    return [value] if isinstance(value, str | int | float) else value


Where = dict[ColumnName, Annotated[tuple[StudyText, ...], BeforeValidator(_one_or_more), Field(min_length=1)]]
"""By column: its texts in the rows that count."""


class _OneColumn(TomlTable):
    column: ColumnName


class _SeveralColumns(TomlTable):
    first_of: tuple[ColumnName, ...] = Field(min_length=2)


class ColumnReading(TomlTable):
    """How one column, or each of several, is read."""

    recode: dict[ExportText, StudyText] = Field(default_factory=dict)
    """From a text of the export to a text of the study; the empty text means missing."""
    unit: ExportText | None = None
    """Of the export, where it is not the study's; it may stand behind a number."""
    other: Literal["error", "exclude"] = "error"
    """What happens to a row whose text is neither recoded nor a value of the study."""
    pattern: Annotated[dict[ExportText, StudyText], Since("0.2.0")] = Field(default_factory=dict)
    """As `recode`, from patterns with `*` and `?`."""
    factor: Annotated[float | None, Since("0.2.0"), Field(gt=0)] = None
    """The study's units in one of the export's."""
    decimal: Annotated[DecimalMark | None, Since("0.2.0")] = None
    thousands: Annotated[ThousandsMark | None, Since("0.2.0")] = None
    below_limit: Annotated[BelowLimit | None, Since("0.2.0")] = None
    above_limit: Annotated[AboveLimit | None, Since("0.2.0")] = None
    dates: Annotated[DateFormats | None, Since("0.2.0")] = None
    """The formats of this column, where they are not those of [source]."""
    take: Annotated[Take | None, Since("0.2.0")] = None


class MappedColumn(ColumnReading, _OneColumn):
    """A variable that is in one column."""

    where: Annotated[Where, Since("0.2.0")] = Field(default_factory=dict)
    """The rows in which its value counts; all where it is empty."""

    @model_validator(mode="before")
    @classmethod
    def _a_plain_name(cls, value: Any) -> Any:  # noqa: ANN401
        return {"column": value} if isinstance(value, str) else value

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, *self.where)


class DateWhere(TomlTable):
    """A date that another column tells of, as the last contact of those whose outcome is death."""

    date: ColumnName
    where: Where = Field(min_length=1)
    dates: DateFormats | None = None
    take: Take | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.date, *self.where)


class YearsBetween(TomlTable):
    """The number of completed years from the first date to the second."""

    years_between: tuple[ColumnName, ColumnName]
    dates: Annotated[DateFormats | None, Since("0.2.0")] = None
    take: Annotated[Take | None, Since("0.2.0")] = None

    @property
    def columns(self) -> tuple[str, ...]:
        return self.years_between


class FirstOf(ColumnReading, _SeveralColumns):
    """A variable that is in the first of several columns that has a value."""

    @property
    def columns(self) -> tuple[str, ...]:
        return self.first_of


def _of_a_boolean(value: Any) -> Any:  # noqa: ANN401
    return {name if isinstance(name, str) else "": True for name in value} if isinstance(value, list) else value


class AnyOf(TomlTable):
    """A variable that is spread over checkboxes: a boolean, true where one of them is checked, or a category with a
    level a box."""

    any_of: Annotated[dict[ColumnName, StudyText], BeforeValidator(_of_a_boolean), Field(min_length=1)]
    """By column the level of those who have it checked; a list of columns is of a boolean."""
    none: StudyText | None = None
    """The level of a row in which no box is checked; it is missing where there is none."""
    several: Literal["error", "first", "missing"] = "error"
    """What a row counts as in which boxes of several levels are checked."""
    checked: tuple[StudyText, ...] = ("1", "true", "yes", "Checked")
    unchecked: tuple[StudyText, ...] = ("0", "false", "no", "Unchecked")
    take: Take | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.any_of)

    @model_validator(mode="after")
    def _checked_or_not(self) -> AnyOf:
        if both := tuple(text for text in self.checked if text in self.unchecked):
            complain(say("data.site_file.checked_and_not", texts=both))
        return self


_FORMS = {"date": "<date>", "years_between": "<years>", "first_of": "<first>", "any_of": "<boxes>"}
"""The key by which a form is known, and its name; every other table is of one column."""


def _form(value: Any) -> str:  # noqa: ANN401
    has = value.__contains__ if isinstance(value, dict) else lambda key: hasattr(value, key)
    return next((form for key, form in _FORMS.items() if has(key)), "<column>")


AnyMapped = MappedColumn | DateWhere | YearsBetween | FirstOf | AnyOf
Mapped = Annotated[
    Annotated[MappedColumn, Tag("<column>")]
    | Annotated[DateWhere, Tag("<date>")]
    | Annotated[YearsBetween, Tag("<years>")]
    | Annotated[FirstOf, Tag("<first>")]
    | Annotated[AnyOf, Tag("<boxes>")],
    Discriminator(_form),
]
