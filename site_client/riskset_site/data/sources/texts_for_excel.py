"""Texts that a program wrote for Excel: `="000001"` is a formula whose result is the text 000001, so that Excel makes
no number of it. It is read as this text, since it can be nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from riskset.catalogue import say
from riskset_site.data.faults import Fault
from riskset_site.data.sources.rows import in_rows
from riskset_site.data.sources.table import SourceTable, TextColumn

_FORMULA = re.compile(r'=\s*"((?:[^"]|"")*)"')
_TEXT_FORMULAS = Fault("text_formula", say("data.source.text_formula"))


def plain_text(text: str) -> str:
    """Returns the text of a formula that has nothing but one; every other text as it is."""
    found = _FORMULA.fullmatch(text) if text.startswith("=") else None
    return found[1].replace('""', '"').strip() if found else text


def without_formulas(path: Path, table: SourceTable, asked: Collection[str]) -> SourceTable:
    """Returns the table with the texts of such formulas, and one warning of those in the columns asked for."""
    written = {name: _formulas(column) for name, column in table.columns.items()}
    if not any(written.values()):
        return table
    chosen = np.zeros(table.n, bool)
    for name in asked:
        if written.get(name):
            chosen |= np.isin(table.columns[name].codes, written[name])
    warnings = table.warnings
    if chosen.any():
        warnings = (*warnings, in_rows(path, _TEXT_FORMULAS, table.row_numbers[chosen].tolist(), ()))
    return replace(table, columns=_plain(table.columns, written), warnings=warnings)


def _formulas(column: TextColumn) -> list[int]:
    return [code for code, text in enumerate(column.texts) if text.startswith("=") and _FORMULA.fullmatch(text)]


def _plain(columns: Mapping[str, TextColumn], written: Mapping[str, list[int]]) -> dict[str, TextColumn]:
    return {
        name: replace(column, texts=tuple(map(plain_text, column.texts))) if written[name] else column
        for name, column in columns.items()
    }
