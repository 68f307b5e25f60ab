"""What a person has answered: in a file, at a terminal or on a page. What is not answered is as it is proposed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError, field_validator

from riskset.catalogue import NOTHING, say, verbatim
from riskset.errors import DataError, Problem
from riskset.study.toml_table import TomlTable, complain
from riskset.study.toml_text import NotToml, read_text, read_toml
from riskset.study.validation_errors import complaint_of
from riskset_site.data.site_texts import ExportText, StudyText, one_delimiter
from riskset_site.data.sources.encodings import NARROWER, canonical_encoding
from riskset_site.data.sources.headers import plain_name

ColumnOrNone = Annotated[str, AfterValidator(plain_name)]
"""A column as the table of the export names it; empty for none."""


class Answers(TomlTable):
    """The answers to the five questions; None and absent names are answered by the proposal."""

    site: str | None = None
    """This hospital's name in the study."""
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    dictionary: str | None = None
    """The path of REDCap's data dictionary; empty for none."""
    header: tuple[int, ...] | None = None
    """The row of the names, or two rows of them."""
    footer: int | None = Field(default=None, ge=0)
    columns: dict[str, ColumnOrNone | tuple[ColumnOrNone, ...]] = Field(default_factory=dict)
    """By variable; empty where none contains it, several where it is spread over checkboxes."""
    accept: tuple[str, ...] = ()
    """Variables whose columns are as they are proposed, although that is not sure."""
    recode: dict[str, dict[ExportText, StudyText]] = Field(default_factory=dict)
    """By variable, from a text of the export to a text of the study; empty means missing."""
    choose: dict[str, str] = Field(default_factory=dict)
    """By the name of a choice, one of its options."""
    key: ColumnOrNone | None = None
    """The column of the patient number; empty where there is none. It has no default."""

    @property
    def boxes(self) -> dict[str, tuple[str, ...]]:
        """By variable its columns, where it has several."""
        return {name: said for name, said in self.columns.items() if not isinstance(said, str)}

    @field_validator("encoding")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        try:
            codec = None if value is None else canonical_encoding(value)
        except LookupError:
            complain(say("data.site_file.unknown_encoding", encoding=value))
        return None if codec is None else NARROWER.get(codec, codec)

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        return value and one_delimiter(value)

    @field_validator("header", mode="before")
    @classmethod
    def _one_or_two_rows(cls, value: Any) -> Any:  # noqa: ANN401
        rows = [value] if isinstance(value, int) else value
        if not (isinstance(rows, list | tuple) and len(rows) in (1, 2)):
            complain(say("site.map.answers.header"))
        return rows


def load_answers(path: Path) -> Answers:
    """Returns the answers of a TOML file. Raises DataError with every problem in it."""
    try:
        return Answers.model_validate(read_toml(read_text(path)))
    except NotToml as error:
        raise DataError(say("site.map.answers.not_toml", file=path.name, reason=error.reason)) from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise DataError(say("site.map.answers.cannot_read", file=str(path), reason=reason)) from None
    except UnicodeDecodeError:
        raise DataError(say("data.site_file.not_utf8", file=path.name), say("data.site_file.save_as_utf8")) from None
    except ValidationError as error:
        complaints = [complaint_of(details) for details in error.errors(include_url=False)]
        problems = [Problem(one.where, verbatim(one.message), verbatim(one.hint)) for one in complaints]
        raise DataError(say("site.map.answers.problems", file=path.name), NOTHING, problems) from None
