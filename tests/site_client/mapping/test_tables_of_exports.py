"""Where the table of an export is: titles above, totals below, a line `sep=`, two rows of names, sheets, types."""

from datetime import datetime

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from tests.site_client.mapping.exports import HEADER, N, arm, day, died, plain

from riskset.errors import DataError

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


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_another_delimiter(desk, delimiter):
    desk.exports("\n".join(line.replace(",", delimiter) for line in lines()))
    assert desk.fits()
    assert desk.proposes().table.keys == {"delimiter": delimiter}


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
