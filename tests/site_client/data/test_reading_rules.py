"""Every example of docs/reading-rules.md is read as the page says."""

import re
import tomllib
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from riskset.study.load import load_study
from riskset_site.data.column_reading import known
from riskset_site.data.export_rows import ExportRows
from riskset_site.data.latest_day import latest_day
from riskset_site.data.several_rows import by_patient, with_patients
from riskset_site.data.site_file import SiteFile
from riskset_site.data.sources.table import SourceTable, TextColumn
from riskset_site.data.variables import read_variable

PAGE = (Path(__file__).parents[3] / "docs" / "reading-rules.md").read_text(encoding="utf-8")
TODAY = date(2026, 6, 30)
STUDY = """\
schema = 1
[study]
id = "trial"
version = "1.0.0"
title = "A trial"
[sites]
kurume = { name = "Kurume" }
asan = { name = "Asan" }
[variables]
arm = { type = "category", levels = ["sorafenib", "lenvatinib"] }
stage = { type = "category", levels = ["I", "II", "III"] }
cause = { type = "category", levels = ["none", "hbv", "hcv"] }
hcc = { type = "boolean" }
metastasis = { type = "boolean" }
age = { type = "number", unit = "year", range = [0, 120] }
afp = { type = "number", unit = "ng/mL", range = [0, 1e6] }
creatinine = { type = "number", unit = "umol/L", range = [0, 2000] }
os_days = { type = "number", unit = "day", range = [0, 5000] }
start = { type = "date" }
death = { type = "date", required = false }
last_contact = { type = "date" }
[comparison]
arm = "arm"
reference = "sorafenib"
[time]
grid = { width_days = 7, max_days = 2191 }
[endpoints.os]
origin = "start"
event = ["death"]
censor = "last_contact"
[endpoints.days]
days = "os_days"
event = "metastasis"
[analyses]
cox = { kind = "cox", endpoints = ["os"], multivariable = ["arm", "age"] }
"""
CELL = re.compile(r"`([^`]*)`|\((empty)\)")


def examples():
    for line in PAGE.splitlines():
        cells = re.split(r"\s*\|\s*", line.strip("| ")) if line.startswith("| ") else []
        if len(cells) == 5 and cells[0]:
            yield pytest.param(*cells[1:], id=cells[0])


def columns_of(text, header):
    """Returns the cells by column: `a`; `b` of one column, and NAME `a`; `b`, NAME `c`; `d` of several."""
    parts = re.findall(r"((?:[^,`(]*)?)((?:`[^`]*`|\(empty\))(?:; (?:`[^`]*`|\(empty\)))*)(?:, )?", text)
    return {
        name.strip() or header: ["" if empty else cell for cell, empty in CELL.findall(cells)] for name, cells in parts
    }


def read(source, mapped, cells, tmp_path):
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    said = "\n".join(re.findall(r"`([^`]*)`", source))
    (written,) = re.findall(r"`([^`]*)`", mapped)
    document = f'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\ncsv = "x.csv"\n{said}\n[map]\n{written}\n'
    site = SiteFile.model_validate(tomllib.loads(document))
    (name,) = site.map_
    columns = columns_of(cells, site.mapped(name).columns[0])
    n = len(next(iter(columns.values())))
    table = SourceTable(
        tuple(columns),
        np.arange(2, n + 2),
        {header: TextColumn(np.arange(n, dtype=np.int32), tuple(texts)) for header, texts in columns.items()},
    )
    study = load_study(tmp_path / "study.toml")
    rows = with_patients(ExportRows(site, study, table, latest_day(TODAY, None, None)))
    found, _ = by_patient({name: read_variable(name, rows)}, rows)
    return study.variables[name], study.levels_of(name), found[name]


def shown(variable, levels, column, row):
    value = column.values[row]
    if column.excluded[row]:
        return "excluded"
    if not known(column.values[row : row + 1])[0]:
        return "missing" if column.missing[row] else "problem"
    if variable.type == "category":
        return f"`{levels[value]}`"
    if variable.type == "boolean":
        return f"`{str(bool(value)).lower()}`"
    return f"`{value}`" if variable.type == "date" else f"`{value:.15g}`"


@pytest.mark.parametrize(("source", "mapped", "cells", "expected"), list(examples()))
def test_an_example_is_read_as_the_page_says(source, mapped, cells, expected, tmp_path):
    variable, levels, column = read(source, mapped, cells, tmp_path)
    if expected == "problem":
        assert column.problems
        assert all(problem.hint for problem in column.problems)
    else:
        assert not column.problems
        assert "; ".join(shown(variable, levels, column, row) for row in range(len(column.values))) == expected


def test_there_are_as_many_examples_as_rules():
    assert len(list(examples())) > 50
