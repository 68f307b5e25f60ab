"""`[source]` names one export, of one kind, which has keys of its own."""

import subprocess
import sys

import pytest

from riskset.errors import DataError
from riskset_site.data.config import load_site_file

HEAD = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\n'


def refusals(hospital, *lines):
    hospital.writes(text=HEAD + "\n".join(lines) + "\n")
    with pytest.raises(DataError) as raised:
        load_site_file(hospital.site_file, hospital.study)
    return [(found.line, found.where, str(found.message), str(found.hint)) for found in raised.value.problems]


def test_no_export_is_named(hospital):
    ((line, where, message, _),) = refusals(hospital, 'key = "no"')
    assert (line, where) == (4, "[source]")
    assert message.startswith("no export is named; write one of csv, excel, parquet")


def test_two_exports_are_named(hospital):
    found = refusals(hospital, 'csv = "export.csv"', 'excel = "export.xlsx"')
    assert found == [(4, "[source]", "csv and excel name two exports; keep one of them", "")]


def test_a_key_of_another_kind_is_unknown(hospital):
    ((_, where, message, hint),) = refusals(hospital, 'csv = "export.csv"', 'sheet = "A"')
    assert (where, message) == ("[source] sheet", "unknown key")
    assert "delimiter" in hint


def test_an_unknown_key_of_rows_is_named_in_every_kind(hospital):
    ((_, where, message, hint),) = refusals(hospital, 'csv = "export.csv"', 'rows = { one_per = "no", tak = "first" }')
    assert (where, message, hint) == ("[source] rows.tak", "unknown key", "did you mean 'take'?")


@pytest.mark.parametrize("header", ["0", "true", '"3"', "[]", "[1, 3]", "[2, 1]", "[1, 2, 3]", "1.0"])
def test_an_invalid_header(hospital, header):
    ((_, where, message, _),) = refusals(hospital, 'csv = "export.csv"', f"header = {header}")
    assert (where, "two rows one below the other" in message) == ("[source] header", True)


@pytest.mark.parametrize("line", ["footer = -1", 'quote = "ab"', 'quote = "a"', 'quote = " "', 'quote = ","'])
def test_an_invalid_value(hospital, line):
    ((_, where, _, _),) = refusals(hospital, 'csv = "export.csv"', line)
    assert where == f"[source] {line.split()[0]}"


def test_a_csv_loads_no_library_of_another_kind(hospital):
    code = f"""
import sys
from datetime import date
from pathlib import Path
from riskset.study.load import load_study
from riskset_site.data.check import check_site
import riskset_site.cli, riskset_site.commands.serve
folder = Path({str(hospital.folder)!r})
assert check_site(folder / "site.toml", load_study(folder / "study.toml"), date(2026, 6, 30)).fits
print(*sys.modules)
"""
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"pandas", "openpyxl", "xlrd", "pyarrow", "pyreadstat", "duckdb", "keyring"} & set(printed.split())
