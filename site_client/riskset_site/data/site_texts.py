"""The texts of a site file: names of columns, texts of an export and of the study."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints

ColumnName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
"""Matched letter by letter after stripping."""
ExportText = Annotated[str, StringConstraints(strip_whitespace=True)]


def as_text(value: Any) -> Any:  # noqa: ANN401 - any value of TOML; pydantic refuses what is not a scalar
    """TOML's true, 1 and 9999-12-31 mean the texts "true", "1" and "9999-12-31"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float | date) else value


StudyText = Annotated[ExportText, BeforeValidator(as_text)]
