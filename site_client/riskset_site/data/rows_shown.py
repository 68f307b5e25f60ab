"""Rows of an export as it writes them, for whoever corrects them. They never leave the site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from riskset.study.spec import Study
from riskset_site.data.config import load_site_file
from riskset_site.data.export import table_of


@dataclass(frozen=True)
class ShownRows:
    """Some rows, in the columns that the study needs."""

    columns: tuple[str, ...]
    """The patient number first, where the site file names its column, then the column that was asked for."""
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    """(number, texts by column); those of the numbers that there are."""


def shown_rows(site_file: Path, study: Study, numbers: Sequence[int], column: str = "") -> ShownRows:
    """Returns the rows of these numbers, as a spreadsheet counts; `column` is shown before the others.

    Raises DataError where the site file is invalid or the export cannot be read.
    """
    site = load_site_file(site_file, study)
    table = table_of(site, study)
    first = [name for name in (site.source.patient, column) if name is not None and name in table.columns]
    columns = tuple(dict.fromkeys((*first, *(name for name in table.headers if name in table.columns))))
    found = np.flatnonzero(np.isin(table.row_numbers, numbers)).tolist()
    texts = {name: table.columns[name] for name in columns}
    rows = ((int(table.row_numbers[at]), tuple(one.texts[one.codes[at]] for one in texts.values())) for at in found)
    return ShownRows(columns, tuple(rows))
