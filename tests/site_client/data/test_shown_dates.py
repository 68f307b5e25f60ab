"""Excel completes what is typed as a part of a date: what no cell shows is not taken for what somebody typed."""

from datetime import datetime

import openpyxl
import pytest

from riskset_site.data.source_kinds import SOURCES
from riskset_site.data.sources.reading import read_source
from riskset_site.data.sources.shown_dates import hides_day, hides_year

HEADER = "id,arm,age,mvi,afp,start,death,last"
MIDDLE = 'dates = ["%Y-%m-%d", "partial:mid"]'


@pytest.mark.parametrize(
    "format_", ["mmm-yy", r"mmm\-yy", "yyyy/mm", 'yyyy"年"m"月"', "[$-411]ge.m", "yyyy. m", "mmmm yyyy;@"]
)
def test_a_format_without_the_day(format_):
    assert hides_day(format_)
    assert not hides_year(format_)


@pytest.mark.parametrize("format_", ["d-mmm", "m/d", 'm"월" d"일"', "[$-412]mm-dd", "m/d (aaa)"])
def test_a_format_without_the_year(format_):
    assert hides_year(format_)
    assert not hides_day(format_)


@pytest.mark.parametrize(
    "format_", ["yyyy-mm-dd", "mm-dd-yy", "General", "0.00", "h:mm", "m/d/yy h:mm", 'yyyy"年"', "[$-411]ge.m.d"]
)
def test_other_formats(format_):
    assert not hides_day(format_)
    assert not hides_year(format_)


@pytest.fixture
def cells(tmp_path):
    """Returns what is read of a column of values and their formats."""

    def read(*values):
        book = openpyxl.Workbook()
        book.active["A1"] = "x"
        for row, (value, format_) in enumerate(values, 2):
            book.active.cell(row, 1, value).number_format = format_
        book.save(tmp_path / "x.xlsx")
        table = read_source(SOURCES["excel"](excel=tmp_path / "x.xlsx"), ["x"], ())
        return list(table.columns["x"].by_row), [one.message.code for one in table.warnings]

    return read


def test_a_month_is_a_month_where_no_cell_says_more(cells):
    typed = [(datetime(2022, month, 1), "mmm-yy") for month in (5, 6, 10)]
    assert cells(*typed, (datetime(2022, 7, 1), "yyyy-mm-dd")) == (["2022-05", "2022-06", "2022-10", "2022-07-01"], [])


def test_days_that_are_not_shown_are_days_where_they_differ(cells):
    typed = [(datetime(2022, 5, day), "mmm-yy") for day in (1, 9)]
    assert cells(*typed) == (["2022-05-01", "2022-05-09"], [])


def test_a_year_that_no_cell_shows_is_told(cells):
    texts, warnings = cells(*((datetime(2023, month, 7), 'm"월" d"일"') for month in (1, 2)))
    assert (texts, warnings) == (["2023-01-07", "2023-02-07"], ["data.fault.year_not_shown"])
    assert cells(*((datetime(year, 1, 7), "m/d") for year in (2019, 2020, 2023)))[1] == []
    assert cells((datetime(2023, 1, 7), "yyyy/m/d"))[1] == []


def test_the_0_of_an_empty_cell_is_told_as_excel_shows_it(cells):
    assert cells((0, "yyyy-mm-dd"), (0, "m/d/yy"), (0, "h:mm"))[0] == ["1900-01-00", "1900-01-00", "00:00:00"]


def test_the_last_zero_of_a_month_is_read_where_all_numbers_show_two_decimals(cells):
    assert cells((2022.1, "0.00"), (2022.03, "0.00"))[0] == ["2022.10", "2022.03"]
    assert cells((2022.1, "0.00"), (2022, "0.00"), (2022.104, "0.00"))[0] == ["2022.10", "2022", "2022.104"]
    assert cells((2022.1, "0.00"), (2022.3, "0.00"))[0] == ["2022.1", "2022.3"]  # who shows 2022.30 typed no month so
    assert cells((2022.1, "General"), (2022.1, "0.0"), (12.1, "0.00"))[0] == ["2022.1", "2022.1", "12.1"]


def months(hospital, *values, kind="excel", format_="General"):
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    for i, value in enumerate(values, 1):
        day = f"2021-01-{i:02}"
        book.active.append([str(i), "sorafenib", 50 + i, "yes", i, day, value, "2023-01-31"])
        book.active.cell(i + 1, 7).number_format = format_
    if kind == "excel":
        book.save(hospital.folder / "export.xlsx")
    else:
        rows = (",".join("" if cell is None else str(cell) for cell in row) for row in book.active.values)
        hospital.exports("\n".join(rows) + "\n")


def codes(found):
    return [one.message.code.rpartition(".")[2] for one in found if "october" in one.message.code]


def excel(hospital, *more):
    text = f'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\nexcel = "export.xlsx"\nkey = "id"\n{MIDDLE}\n'
    hospital.writes(*more, text=text)


def test_a_number_may_be_january_or_october(hospital):
    excel(hospital)
    months(hospital, 2022.1, 2022.11, "2022.10", None, 2022.3)
    check = hospital.check()
    assert codes(check.problems) == ["january_or_october"]
    assert check.problems[0].detail == "row 2: '2022.1'"
    excel(hospital, '[map]\ndeath = { column = "death", recode = { "2022.1" = "2022-10" } }')
    months(hospital, 2022.1, 2022.11, "2022-01", "2022.01", 2022.3)
    check = hospital.check()
    assert (check.problems, codes(check.warnings)) == ((), [])
    (death,) = (one for one in check.variables if one.variable == "death")
    read = {one.text: one.meaning for one in death.texts}
    assert (read["2022.1"], read["2022-01"], read["2022.01"]) == ("2022-10", "2022-01-15", "2022-01-15")


def test_two_decimals_tell_october(hospital):
    excel(hospital)
    months(hospital, 2022.1, 2022.11, 2022.02, format_="0.00")
    check = hospital.check()
    assert not check.problems
    (death,) = (one for one in check.variables if one.variable == "death")
    assert ("2022.10", "2022-10-15") in [(one.text, one.meaning) for one in death.texts]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["2022.1", "2022.11"], ["perhaps_october"]),
        (["2022.1", "2022.10"], []),
        (["2022.01", "2022.11"], []),
        (["2022-1", "2022-11"], []),
    ],
)
def test_of_texts_a_column_without_october_is_told(hospital, values, found):
    hospital.writes('key = "id"', MIDDLE)
    months(hospital, *values, kind="csv")
    check = hospital.check()
    assert (check.problems, codes(check.warnings)) == ((), found)


def test_without_a_word_on_partial_dates_it_is_no_date(hospital):
    hospital.writes('key = "id"')
    months(hospital, "2022.1", "2022.11", kind="csv")
    (problem,) = hospital.check().problems
    assert problem.message.code == "data.fault.not_a_date"


def test_what_is_said_of_a_limit_is_not_said_of_its_half(hospital):
    said = '[map]\nafp = { column = "afp", below_limit = "half", recode = { "<2.0" = "" } }'
    hospital.writes('key = "id"', said)
    rows = (f"{i},sorafenib,{50 + i},yes,{afp},2021-01-0{i},,2023-01-31" for i, afp in enumerate(["<2.0", "1", "3"], 1))
    hospital.exports("\n".join([HEADER, *rows]) + "\n")
    (afp,) = (one for one in hospital.check().variables if one.variable == "afp")
    assert (afp.read, afp.missing) == (2, 1)
