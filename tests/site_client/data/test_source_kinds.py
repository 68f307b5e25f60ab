"""`[source]` names one export, of one kind, which has keys of its own."""

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


@pytest.mark.parametrize("line", ["footer = -1", 'quote = "ab"', 'quote = "a"', 'quote = " "'])
def test_an_invalid_value(hospital, line):
    ((_, where, _, _),) = refusals(hospital, 'csv = "export.csv"', line)
    assert where == f"[source] {line.split()[0]}"
