"""Numbers that a file of SAS, SPSS or Stata shows as dates are read as such, or refused: never left as numbers."""

from datetime import date, datetime

import pandas as pd
import pyreadstat
import pytest

from riskset.errors import DataError
from riskset_site.data.source_kinds import SOURCES
from riskset_site.data.sources.date_formats import day_of, hides_day, shows_dates
from riskset_site.data.sources.reading import read_source
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.propose import propose

DAY = (date(2023, 7, 15) - date(1960, 1, 1)).days
SECONDS = int((datetime(2023, 7, 15, 13) - datetime(1582, 10, 14)).total_seconds())


def read(kind, path):
    return read_source(SOURCES[kind](**{kind: path}), ["x"], ())


def texts(table):
    return list(table.columns["x"].by_row)


@pytest.mark.parametrize("format_", ["MONYY7.", "NENGO10.", "YYMMN6.", "WORDDATE18.", "YYQ6.", "JULIAN7."])
def test_all_dates_of_sas_are_days_since_1960(tmp_path, format_):
    path = tmp_path / "x.xpt"
    pyreadstat.write_xport(pd.DataFrame({"x": [DAY, None]}), path, variable_format={"x": format_})
    table = read("sas", path)
    assert (texts(table), table.problems) == (["2023-07-15", ""], ())


def test_a_format_of_days_of_stata_is_read_and_one_of_months_refused(tmp_path):
    path = tmp_path / "x.dta"
    for format_, expected in (("%tdDD/NN/CCYY", ["2023-07-15"]), ("%9.0g", [str(DAY)])):
        pyreadstat.write_dta(pd.DataFrame({"x": [DAY]}), path, variable_format={"x": format_})
        table = read("stata", path)
        assert (texts(table), table.problems) == (expected, ())
    for format_ in ("%tm", "%tq", "%tw", "%ty", "%tcDDmonCCYY"):
        pyreadstat.write_dta(pd.DataFrame({"x": [762.0]}), path, variable_format={"x": format_})
        with pytest.raises(DataError) as raised:
            read("stata", path)
        (found,) = raised.value.problems
        assert found.message.code == "data.source.date_format"
        assert repr(format_) in str(found.message)


def test_all_dates_of_spss_are_seconds(tmp_path):
    path = tmp_path / "x.sav"
    for format_ in ("MOYR8", "QYR6", "WKYR8", "EDATE10"):
        pyreadstat.write_sav(pd.DataFrame({"x": [float(SECONDS)]}), path, variable_format={"x": format_})
        assert texts(read("spss", path)) == ["2023-07-15"], format_


@pytest.mark.parametrize(
    ("kind", "format_", "write"),
    [
        ("sas", "MONYY7.", pyreadstat.write_xport),
        ("sas", "YYMMN6.", pyreadstat.write_xport),
        ("spss", "MOYR8", pyreadstat.write_sav),
        ("stata", "%tdMon_CCYY", pyreadstat.write_dta),
        ("stata", "%tdCCYY-NN", pyreadstat.write_dta),
    ],
)
def test_a_month_is_a_month_where_no_value_says_more(tmp_path, kind, format_, write):
    path = tmp_path / ("x.xpt" if kind == "sas" else "x")
    firsts = [date(2023, 7, 1), date(2023, 10, 1)]
    for days, expected in (
        (firsts, ["2023-07", "2023-10"]),
        ([*firsts, date(2023, 7, 15)], ["2023-07-01", "2023-10-01", "2023-07-15"]),
    ):
        numbers = [float((day - date(1960, 1, 1)).days) for day in days]
        if kind == "spss":
            numbers = [(day - date(1582, 10, 14)).days * 86400.0 for day in days]
        write(pd.DataFrame({"x": numbers}), path, variable_format={"x": format_})
        assert texts(read(kind, path)) == expected
    assert not hides_day(kind, {"sas": "DATE9.", "spss": "SDATE10", "stata": "%tdDD/NN/CCYY"}[kind])


@pytest.mark.parametrize(
    ("kind", "format_"),
    [("sas", "BEST12."), ("sas", "F8.2"), ("sas", "DATEX."), ("sas", "$DATE."), ("stata", "%10.2f"), ("spss", "F8.2")],
)
def test_formats_of_numbers_are_none_of_dates(kind, format_):
    assert not shows_dates(kind, format_)
    assert day_of(kind, format_) is None


@pytest.mark.parametrize("format_", ["DTMONYY7.", "DATETIME20.", "NLDATMW."])
def test_seconds_of_sas_are_no_days(format_):
    assert shows_dates("sas", format_)
    assert day_of("sas", format_) is None


def test_a_day_without_a_format_is_not_called_one_of_excel(hospital):
    days = pd.DataFrame({name: [DAY - 365, DAY - 365] for name in ("start", "death")} | {"last": [DAY, DAY]})
    rest = pd.DataFrame({"arm": ["sorafenib", "lenvatinib"], "age": [61, 50], "mvi": ["yes", "no"], "afp": [1, 2]})
    pyreadstat.write_xport(pd.concat([rest, days.astype(float)], axis=1), hospital.folder / "export.xpt")
    hospital.writes(text='schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\nsas = "export.xpt"\n')
    hints = [str(one.hint) for one in hospital.check().problems if one.message.code == "data.fault.excel_day"]
    assert len(hints) == 3
    assert all("YYMMDD10." in hint and "excel" not in hint for hint in hints)
    proposed = propose(ExportFile(hospital.folder / "export.xpt"), hospital.study, date(2026, 6, 30))
    assert "excel" not in proposed.source.get("dates", ())


def test_what_is_not_asked_for_is_not_judged(tmp_path):
    path = tmp_path / "x.dta"
    frame = pd.DataFrame({"x": [1.0], "quarter": [240.0]})
    labels = {"quarter": {240: "2020q1"}}
    pyreadstat.write_dta(frame, path, variable_format={"quarter": "%tq"}, variable_value_labels=labels)
    table = read_source(SOURCES["stata"](stata=path), ["x"], (), every=True)
    assert (list(table.columns), table.problems, table.warnings) == (["x", "quarter"], (), ())
