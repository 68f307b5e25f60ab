"""Where the table of an export is: titles above, totals below, a line `sep=`, two rows of names, sheets, types."""

import json
from datetime import datetime

import openpyxl
import pandas
import pyarrow
import pyarrow.parquet
import pyreadstat
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from tests.site_client.mapping.exports import HEADER, N, arm, day, died, plain

from riskset.errors import DataError
from riskset_site.mapping.answers import load_answers

JAPANESE = "患者番号,治療薬,年齢,開始日,死亡日,最終確認日"


def lines(header=HEADER, row=plain):
    return [header, *map(row, range(N))]


def test_a_title_above_and_a_total_below(desk):
    desk.exports(
        "\n".join(["HCC data,,,,,", ",,,,,", *lines(), "合計,24件,,,,", "出力日 2024/7/12,,,,,"]), encoding="cp932"
    )
    assert desk.fits()
    table = desk.proposes().table
    assert (dict(table.keys), table.left_out) == (
        {"encoding": "cp932", "header": 3, "footer": 2},
        ("合計 24件", "出力日 2024/7/12"),
    )
    assert desk.check().rows == N


def test_the_row_of_the_names_by_the_field_s_words(desk):
    desk.exports("\n".join(["肝癌データ", *lines(JAPANESE)]), encoding="cp932")
    assert desk.fits(key="患者番号")
    assert [one.entry for one in desk.proposes(key="患者番号").variables] == JAPANESE.split(",")[1:]


def test_answers_about_the_table(desk):
    desk.exports("\n".join(["a,b,c,d,e,f", "1,2,3,4,5,6", *lines(), "the end,x,x,x,x,x"]))
    assert desk.fits(header=3, footer=1)


def test_a_line_that_tells_excel_the_delimiter(desk):
    desk.exports("\n".join(["sep=;", *(line.replace(",", ";") for line in lines())]))
    assert desk.fits()
    assert dict(desk.proposes().table.keys) == {}


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^", "~", "\x01", "\x1f"])
def test_another_delimiter(desk, delimiter):
    desk.exports("\n".join(line.replace(",", delimiter) for line in lines()))
    assert desk.fits()
    assert desk.proposes().table.keys == {"delimiter": delimiter}


def test_a_rare_sign_in_every_row_is_no_delimiter(desk):
    header, *rows = lines()
    desk.exports("\n".join([f"{header},PLT (10^9/L)", *(f"{row},1^" for row in rows)]))
    assert dict(desk.proposes().table.keys) == {}


def test_rows_that_nothing_divides_are_told(desk):
    desk.exports("\n".join(line.replace(",", "||").replace("||", "§") for line in lines()))
    with pytest.raises(DataError, match="no delimiter that is known") as raised:
        desk.proposes()
    assert "delimiter" in raised.value.hint
    assert desk.fits(delimiter="§")


@pytest.mark.parametrize("delimiter", ["||", "\n", "a"])
def test_an_answer_that_is_no_delimiter_is_told(tmp_path, delimiter):
    answers = tmp_path / "answers.toml"
    answers.write_text(f"delimiter = {json.dumps(delimiter)}", encoding="utf-8")
    with pytest.raises(DataError) as raised:
        load_answers(answers)
    (found,) = raised.value.problems
    assert found.where == "[delimiter]"


@pytest.mark.parametrize("name", ["cdw.duckdb", "registry.sqlite"])
def test_a_database_is_read_by_a_query(desk, name):
    desk.exports("", name=name)
    with pytest.raises(DataError) as raised:
        desk.proposes()
    assert f":///{name}" in raised.value.hint


def test_labels_of_a_file_are_names_of_its_columns(desk):
    labels = ["환자번호", "2차 치료약제", "연령", "치료시작일", "사망일", "최종추적일"]
    names = [f"V{n}" for n in range(len(labels))]
    frame = pandas.DataFrame([plain(i).split(",") for i in range(N)], columns=names)
    frame["V2"] = frame["V2"].astype(float)
    desk.export = desk.folder / "export.sav"
    pyreadstat.write_sav(frame, desk.export, column_labels=labels)
    found = desk.proposes(key="V0")
    assert [one.entry for one in found.variables] == names[1:]
    assert found.keys[0].column == "V0"
    assert desk.fits(key="V0")


def test_delimiters_at_the_end_of_the_rows(desk):
    header, *rows = lines()
    desk.exports("\n".join([header, *(f"{row}," for row in rows)]))
    assert desk.fits()


def test_names_in_two_rows(desk):
    upper = ",,baseline,baseline,end,end"
    desk.exports("\n".join([upper, *lines("id,arm,date,age,date,date")]))
    found = desk.proposes()
    assert found.table.headers[:4] == ("id", "arm", "baseline/date", "baseline/age")


def test_a_column_of_a_name_that_occurs_twice_is_not_sure(desk):
    desk.joins('afp = { type = "number", range = [0, 1000] }')
    desk.exports("\n".join(lines(f"{HEADER},AFP,AFP", lambda i: f"{plain(i)},{i},{i + 1}")))
    found = desk.proposes().of("afp")
    assert (found.columns, found.is_sure, found.others, found.entry) == (("AFP [1]",), False, ("AFP [2]",), None)
    assert '# perhaps: afp = "AFP [2]"' in desk.writes()
    assert desk.fits(columns={"afp": "AFP [2]"})


def workbook(path, *sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def typed(i):
    """A patient's row as a workbook has it: numbers, dates and empty cells."""
    start, end = (datetime.fromisoformat(text) for text in (day(i), day(i, 2022)))
    return [i + 1, arm(i), 40 + i, start, end if died(i) else None, end]


def test_a_workbook_with_several_sheets(desk):
    rows = [["肝癌データ"], [], JAPANESE.split(","), *map(typed, range(N)), ["合計", f"{N}件"]]
    desk.export = desk.folder / "export.xlsx"
    workbook(desk.export, ("説明", [["このファイルについて"]]), ("データ", rows))
    assert desk.fits(key="患者番号")
    table = desk.proposes(key="患者番号").table
    assert dict(table.keys) == {"sheet": "データ", "header": 3, "footer": 1}
    assert table.sheets == ("説明", "データ")
    assert 'excel = "export.xlsx"' in desk.writes(key="患者番号")


def test_a_sheet_for_each_year_is_told_in_the_site_file(desk):
    rows = [HEADER.split(","), *map(typed, range(N))]
    desk.export = desk.folder / "export.xlsx"
    workbook(desk.export, ("2021", rows), ("2022", rows), ("codes", [["1", "yes"]]))
    assert desk.proposes().table.alike_sheets == ("2022",)
    assert "# sheets with the same columns, whose rows are not read: 2022" in desk.writes()
    (found,) = [one for one in desk.check().warnings if one.message.code == "data.fault.other_sheet"]
    assert found.message == f"{N} rows of the sheet '2022' have the same columns and are not read"


def test_a_workbook_of_one_sheet_says_nothing_more(desk):
    desk.export = desk.folder / "export.xlsx"
    workbook(desk.export, ("Sheet1", [HEADER.split(","), *map(typed, range(N))]))
    assert desk.fits()
    assert dict(desk.proposes().table.keys) == {}


def test_day_numbers_of_a_workbook_that_counts_from_1904(desk):
    desk.export = desk.folder / "export.xlsx"
    rows = [[*typed(i)[:3], 42400 + i, *typed(i)[4:]] for i in range(N)]
    workbook(desk.export, ("Sheet1", [HEADER.split(","), *rows]))
    assert desk.proposes().source["dates"] == ["%Y-%m-%d", "excel"]
    book = openpyxl.load_workbook(desk.export)
    book.epoch = CALENDAR_MAC_1904
    book.save(desk.export)
    assert desk.proposes().source["dates"] == ["%Y-%m-%d", "excel:1904"]
    assert desk.fits()


def test_a_file_with_types(desk):
    desk.export = desk.folder / "export.parquet"
    columns = dict(zip(HEADER.split(","), zip(*map(typed, range(N)), strict=True), strict=True))
    pyarrow.parquet.write_table(pyarrow.table({name: list(values) for name, values in columns.items()}), desk.export)
    assert desk.fits()
    assert desk.proposes().table.header == ()


def test_what_cannot_be_read_is_told(desk):
    desk.exports("")
    with pytest.raises(DataError):
        desk.proposes()
    desk.exports(HEADER)
    with pytest.raises(DataError, match="cannot be read") as error:
        desk.proposes()
    assert "no row below" in str(error.value.problems[0])


@pytest.mark.parametrize(
    ("units", "key"), [(",,(歳),,,", "id"), (",,years,,,西暦", "id"), ("単位,,[세],,,", "id/単位")]
)
def test_a_row_of_units_belongs_to_the_names(desk, units, key):
    header, *rows = lines()
    desk.exports("\n".join(["A title,,,,,", header, units, *rows]))
    assert dict(desk.proposes(key=key).table.keys) == {"header": [2, 3]}
    assert desk.fits(key=key)
    assert desk.check().rows == N


@pytest.mark.parametrize("first", ["1,sorafenib,40,2020-01-01,,2021-01-01", ",,,,,", ",x,,,,"])
def test_another_row_below_the_names_is_none_of_units(desk, first):
    header, *rows = lines()
    desk.exports("\n".join([header, first, *rows]))
    assert "header" not in desk.proposes().table.keys
