"""A sheet of a workbook to a table of texts: by the types of its cells, and nothing that cannot be read is empty."""

import struct
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pytest
import xlwt
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900 as WINDOWS
from openpyxl.workbook.protection import WorkbookProtection

from riskset.errors import DataError
from riskset_site.data.config import load_site_file
from riskset_site.data.export import read_export
from riskset_site.data.sources.excel import read_excel

TODAY = date(2026, 6, 30)


def texts(table, name):
    column = table.columns[name]
    return [column.texts[code] for code in column.codes]


@pytest.fixture
def book(tmp_path):
    """A workbook with one sheet, and how it is read."""

    class Book:
        path = tmp_path / "export.xlsx"
        made = openpyxl.Workbook()

        def __init__(self, *rows):
            self.made = openpyxl.Workbook()
            self.sheet = self.made.active
            for row in rows:
                self.sheet.append(row)

        def read(self, *wanted, sheet=None, header=(1,), footer=0, missing=("",)):
            self.made.save(self.path)
            return read(self.path, *wanted, sheet=sheet, header=header, footer=footer, missing=missing)

        def problem(self, *wanted, **how):
            with pytest.raises(DataError) as raised:
                self.read(*wanted, **how)
            (found,) = raised.value.problems
            return found

    return Book


def read(path, *wanted, sheet=None, header=(1,), footer=0, missing=("",)):
    return read_excel(path, sheet, header, footer, missing, wanted)


def refused(path):
    with pytest.raises(DataError) as raised:
        read(path, "a")
    (found,) = raised.value.problems
    return found.message.code


def test_each_type_has_one_text(book):
    values = [63, 63.0, 0.1, True, date(2024, 1, 31), datetime(2024, 1, 31, 13, 45), time(12, 30), " ab ", "2024/1/31"]
    table = book(["no", "a"], *enumerate(values)).read("a")
    expected = ["63", "63", "0.1", "true", "2024-01-31", "2024-01-31 13:45:00", "12:30:00", "ab", "2024/1/31"]
    assert texts(table, "a") == expected
    assert (table.problems, table.warnings) == ((), ())


def test_rows_have_the_numbers_that_excel_shows(book):
    table = book(["List"], [], ["a", "b"], [1, 2], [], [3, 4]).read("b", header=(3,))
    assert (table.row_numbers.tolist(), texts(table, "b")) == ([4, 6], ["2", "4"])


def test_days_are_right_in_a_workbook_that_counts_from_1904(book):
    one = book(["a"], [date(2024, 1, 31)])
    one.made.epoch = CALENDAR_MAC_1904
    assert texts(one.read("a"), "a") == ["2024-01-31"]


@pytest.mark.parametrize("epoch", [WINDOWS, CALENDAR_MAC_1904])
def test_dates_in_the_built_in_formats_of_japan_and_korea(book, epoch):
    """They are in no workbook: yyyy年m月d日 is 31, ge.m.d is 57, and a time of day 32."""
    one = book(["a", "b"], *[[date(2024, 1, 31), 45322.5 if epoch == WINDOWS else 43860.5]] * 21, [time(9, 30), 3.5])
    one.made.epoch = epoch
    for row, number in enumerate([*range(27, 32), *range(34, 37), *range(50, 59), 71, 72, 73, 81, 32], 2):
        for cell in one.sheet[row]:
            cell.number_format = "0"
            cell._style.numFmtId = number
    one.sheet["B23"]._style.numFmtId = 60
    table = one.read("a", "b")
    assert texts(table, "a") == ["2024-01-31"] * 21 + ["09:30:00"]
    assert texts(table, "b") == ["2024-01-31 12:00:00"] * 21 + ["3.5"]
    assert table.problems == ()
    (told,) = table.warnings  # of days; whoever typed a day alone typed no time
    assert (told.message.code, told.detail) == ("data.fault.year_not_shown", "rows 8, 13, 16")


class TestCellsThatCannotBeRead:
    def test_an_error_is_a_problem_unless_it_is_named_as_missing(self, book):
        one = book(["a"], [1], ["#N/A"], ["#N/A"])
        table = one.read("a")
        assert texts(table, "a") == ["1", "#N/A", "#N/A"]
        (found,) = table.problems
        assert (found.message.code, found.detail) == ("data.fault.error_cell", "rows 3, 4: '#N/A', '#N/A'")
        assert one.read("a", missing=("#N/A",)).problems == ()

    def test_a_formula_without_its_result_is_not_empty(self, book):
        (found,) = book(["a", "b"], [1, "=A2*2"], [2, None]).read("a", "b").problems
        assert (found.message.code, found.detail) == ("data.fault.no_cached_value", "row 2")

    def test_merged_cells_are_not_empty_ones(self, book):
        one = book(["no", "arm"], [1, "x"], [2, None], [3, None])
        one.sheet.merge_cells("B2:B3")
        (found,) = one.read("no", "arm").problems
        assert (found.message.code, found.detail) == ("data.fault.merged_cell", "row 3")

    def test_those_of_other_columns_are_no_concern(self, book):
        assert book(["a", "b"], [1, "#N/A"]).read("a").problems == ()


class TestWarnings:
    def test_hidden_rows_are_read_and_told(self, book):
        one = book(["a"], [1], [2], [3])
        one.sheet.row_dimensions[3].hidden = True
        table = one.read("a")
        assert texts(table, "a") == ["1", "2", "3"]
        assert [(w.message.code, w.detail) for w in table.warnings] == [("data.fault.hidden_rows", "row 3")]

    def test_percentages_are_told(self, book):
        one = book(["a"], [0.5])
        one.sheet["A2"].number_format = "0.0%"
        table = one.read("a")
        assert texts(table, "a") == ["0.5"]
        assert [w.message.code for w in table.warnings] == ["data.fault.percent_cell"]

    def test_a_footer_is_listed(self, book):
        table = book(["a", "b"], [1, 2], [], ["total", 1]).read("a", footer=1)
        assert (texts(table, "a"), table.warnings[0].detail) == (["1"], "row 4: 'total 1'")


class TestHeader:
    def test_merged_names_go_on_to_the_right(self, book):
        one = book(["id", "dates", None, "sex"], [None, "start", "death", None], [1, "x", "y", "m"])
        one.sheet.merge_cells("B1:C1")
        one.sheet.merge_cells("A1:A2")
        table = one.read("id", "dates/death", "sex", header=(1, 2))
        assert (table.headers, texts(table, "dates/death")) == (("id", "dates/start", "dates/death", "sex"), ["y"])

    def test_an_upper_name_that_is_not_merged_is_of_its_column(self, book):
        assert book(["x", None], ["a", "b"], [1, 2]).read("b", header=(1, 2)).headers == ("x/a", "b")

    def test_another_row_is_named(self, book):
        found = book(["List"], ["a", "b"], [1, 2]).problem("a", "b")
        assert (found.message.code, "header = 2" in found.hint) == ("data.source.other_header", True)


def test_a_format_in_the_last_of_a_million_rows_is_no_row(book):
    one = book(["a"], [1])
    one.sheet.cell(1_048_576, 16_384).number_format = "0%"
    table = one.read("a")
    assert (texts(table, "a"), table.warnings) == (["1"], ())


class TestSheets:
    def test_the_only_one_with_rows(self, book):
        one = book()
        one.made.create_sheet("Patients").append(["a"])
        one.made["Patients"].append([5])
        assert texts(one.read("a"), "a") == ["5"]

    def test_of_several_one_is_named_also_a_hidden_one(self, book):
        one = book(["a"], [1])
        other = one.made.create_sheet("二枚目")
        other.append(["a"])
        other.append([2])
        other.sheet_state = "hidden"
        found = one.problem("a")
        assert (found.message.code, "'Sheet', '二枚目'" in found.hint) == ("data.source.several_sheets", True)
        assert texts(one.read("a", sheet="二枚目"), "a") == ["2"]
        assert one.problem("a", sheet="三枚目").message.code == "data.source.no_sheet"

    @pytest.mark.parametrize("rows", [[], [["a"]]])
    def test_without_rows(self, book, rows):
        assert book(*rows).problem("a").message.code in ("data.export.empty", "data.export.no_rows")

    def test_a_locked_structure_is_no_password(self, book):
        one = book(["a"], [1])
        one.made.security = WorkbookProtection(workbookPassword="x", lockStructure=True)
        assert texts(one.read("a"), "a") == ["1"]


def test_a_new_workbook_with_the_name_of_an_old_one(book):
    one = book(["a"], [1])
    one.made.save(one.path)
    assert texts(read(one.path.rename(one.path.with_suffix(".xls")), "a"), "a") == ["1"]


class TestOldWorkbooks:
    @pytest.fixture
    def old(self, tmp_path):
        made = xlwt.Workbook()
        made.dates_1904 = False
        sheet = made.add_sheet("S")
        day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
        share = xlwt.easyxf(num_format_str="0%")
        for at, name in enumerate(["no", "day", "share", "flag"]):
            sheet.write(0, at, name)
        sheet.write(1, 0, 17)
        sheet.write(1, 1, date(2024, 1, 31), day)
        sheet.write(1, 2, 0.5, share)
        sheet.write(1, 3, True)
        sheet.write(2, 0, "a17")
        sheet.write(2, 1, -1.0, day)
        sheet.row(2).hidden = True
        made.save(str(tmp_path / "export.xls"))
        return tmp_path / "export.xls"

    def test_are_read_by_their_types(self, old):
        table = read(old, "no", "day", "share", "flag")
        assert [texts(table, name)[0] for name in table.columns] == ["17", "2024-01-31", "0.5", "true"]
        assert texts(table, "no") == ["17", "a17"]
        assert [(one.message.code, one.detail) for one in (*table.problems, *table.warnings)] == [
            ("data.fault.error_cell", "row 3: '#VALUE!'"),
            ("data.fault.hidden_rows", "row 3"),
            ("data.fault.percent_cell", "row 2"),
        ]

    def test_the_kind_is_known_by_the_content(self, old):
        assert texts(read(old.rename(old.with_suffix(".xlsx")), "no"), "no") == ["17", "a17"]


class TestWhatIsNoWorkbook:
    def test_a_password_is_told_as_such(self, tmp_path):
        path = tmp_path / "export.xlsx"
        name = "EncryptedPackage".encode("utf-16-le")
        path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + name + struct.pack("<H", 0))
        assert refused(path) == "data.source.password"

    @pytest.mark.parametrize(
        ("content", "code"),
        [
            (b"<html><table><tr><td>a", "web_page"),
            (b"\xef\xbb\xbf<?xml version='1.0'?>", "web_page"),
            (b"a\tb\n1\t2\n", "no_workbook"),
            (b"", "no_workbook"),
            (b"PK\x03\x04broken", "damaged"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1broken", "damaged"),
        ],
    )
    def test_what_the_file_is_instead(self, tmp_path, content, code):
        path = tmp_path / "export.xls"
        path.write_bytes(content)
        assert refused(path) == f"data.source.{code}"

    @pytest.mark.parametrize(
        ("name", "content", "code"),
        [
            ("xl/workbook.bin", "x", "other_workbook"),
            ("content.xml", "x", "other_workbook"),
            ("xl/workbook.xml", '<workbook xmlns="http://purl.oclc.org/ooxml/spreadsheetml/main"/>', "strict"),
            ("xl/workbook.xml", "<workbook/>", "damaged"),
        ],
    )
    def test_other_workbooks(self, tmp_path, name, content, code):
        path = tmp_path / "export.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, content)
        assert refused(path) == f"data.source.{code}"


def test_a_site_file_that_names_a_workbook(hospital):
    made = openpyxl.Workbook()
    for line in hospital.folder.joinpath("export.csv").read_text("utf-8").splitlines():
        made.active.append([date.fromisoformat(text) if text[:2] == "20" else text or None for text in line.split(",")])
    made.active["B2"] = 61.0
    made.save(hospital.folder / "export.xlsx")
    before = hospital.cohort()
    text = hospital.site_file.read_text("utf-8").replace(
        'csv = "export.csv"', 'excel = "export.xlsx"\ndates = ["%d/%m/%Y"]'
    )
    hospital.site_file.write_text(text, "utf-8")
    assert hospital.check().export == "export.xlsx"
    after = hospital.cohort()
    assert after.analysis_sets["os"].days.tolist() == before.analysis_sets["os"].days.tolist()


def test_a_number_has_its_point_whatever_mark_the_texts_have(hospital):
    """1.234 as a number of Excel is not the 1.234 that a German text means."""
    made = openpyxl.Workbook()
    made.active.append(["arm", "age", "mvi", "afp", "start", "death", "last"])
    for age, afp in ((61.0, 1.234), (73, "1.234"), ("50,5", "0,5")):
        made.active.append(["sorafenib", age, True, afp, date(2020, 1, 1), None, date(2021, 2, 3)])
    made.save(hospital.folder / "export.xlsx")
    text = hospital.site_file.read_text("utf-8")
    hospital.site_file.write_text(
        text.replace('csv = "export.csv"', 'excel = "export.xlsx"\ndecimal = ","\nthousands = "."'), "utf-8"
    )
    export = read_export(load_site_file(hospital.site_file, hospital.study), hospital.study, TODAY)
    assert export.problems == ()
    assert export.columns["afp"].values.tolist() == [1.234, 1234.0, 0.5]
    assert export.columns["age"].values.tolist() == [61.0, 73.0, 50.5]


@pytest.mark.parametrize("name", ["patients.xlsx", "patients.xls"])
def test_a_workbook_of_libreoffice(name):
    table = read(Path(__file__).parent / "libreoffice" / name, "no", "start", "twice")
    assert [texts(table, column) for column in table.columns] == [
        ["1", "2"],
        ["2024-01-31", "2024-02-29"],
        ["2.5", "#DIV/0!"],
    ]
    assert [(one.message.code, one.detail) for one in (*table.problems, *table.warnings)] == [
        ("data.fault.error_cell", "row 3: '#DIV/0!'"),
        ("data.fault.hidden_rows", "row 3"),
    ]


class TestDayNumbers:
    """42432 in a workbook that counts from 1904 is not the day that it is in others."""

    HEADER = ("arm", "age", "mvi", "afp", "start", "death", "last")

    def days(self, book, hospital, epoch, dates, last=42432):
        one = book(self.HEADER, ("sorafenib", 61, "yes", 9, date(2020, 1, 1), None, last))
        one.made.epoch = epoch
        one.made.save(hospital.folder / "export.xlsx")
        head = 'schema = 1\nstudy = "trial"\nsite = "kurume"\n[source]\nexcel = "export.xlsx"\n'
        hospital.writes(text=f"{head}{dates}\n")
        found = read_export(load_site_file(hospital.site_file), hospital.study, TODAY)
        return [one.message.code for one in found.problems], str(found.columns["last"].values[0])

    def test_from_1904_under_a_name_of_1900_is_refused(self, book, hospital):
        for dates in ('dates = ["excel"]', '[map]\nlast = { column = "last", dates = ["excel"] }'):
            found, _ = self.days(book, hospital, CALENDAR_MAC_1904, dates)
            assert found == ["data.source.other_epoch"]

    def test_each_under_its_own_name_is_read(self, book, hospital):
        mac = self.days(book, hospital, CALENDAR_MAC_1904, 'dates = ["excel:1904"]')
        assert mac == ([], "2020-03-04")
        assert self.days(book, hospital, WINDOWS, 'dates = ["excel"]', 43894) == ([], "2020-03-04")
        day = date(2020, 3, 4)
        assert self.days(book, hospital, CALENDAR_MAC_1904, 'dates = ["%d/%m/%Y"]', day) == ([], "2020-03-04")


class TestSheetsOfOneTable:
    """A year has a sheet: one is read, and the patients of the others are not lost in silence."""

    def book(self, book, *above, names=("no", "a")):
        one = book(["no", "a"], [1, 2], [3, 4])
        other = one.made.create_sheet("2022")
        for row in (*above, names, [5, 6], [], [7, 8]):
            other.append(list(row))
        return one

    @pytest.mark.parametrize("above", [(), (["List of 2022"], [])])
    def test_the_rows_of_another_sheet_with_the_columns_are_counted(self, book, above):
        table = self.book(book, *above, names=("a", "no", "more")).read("no", "a", sheet="Sheet")
        (found,) = table.warnings
        assert found.message == "2 rows of the sheet '2022' have the same columns and are not read"
        assert (dict(table.alike_sheets), texts(table, "a")) == ({"2022": 2}, ["2", "4"])

    def test_a_sheet_of_something_else_is_not_told(self, book):
        table = self.book(book, names=("code", "meaning")).read("no", "a", sheet="Sheet")
        assert (table.warnings, dict(table.alike_sheets)) == ((), {})

    def test_names_without_rows_are_no_patients(self, book):
        one = book(["no", "a"], [1, 2])
        one.made.create_sheet("template").append(["no", "a"])
        assert one.read("no", "a", sheet="Sheet").warnings == ()

    @pytest.mark.parametrize("is_merged", [True, False])
    def test_names_in_two_rows(self, book, is_merged):
        rows = (["AFP", None], ["first", "last"], [1, 2])
        one = book(*rows)
        one.made.create_sheet("2022")
        for row in rows:
            one.made["2022"].append(row)
        for sheet in one.made if is_merged else ():
            sheet.merge_cells("A1:B1")
        names = ("AFP/first", "AFP/last" if is_merged else "last")
        assert dict(one.read(*names, sheet="Sheet", header=(1, 2)).alike_sheets) == {"2022": 1}

    def test_old_workbooks_too(self, tmp_path):
        made = xlwt.Workbook()
        for name in ("2021", "2022"):
            sheet = made.add_sheet(name)
            for at, row in enumerate([("no", "a"), (1, 2)]):
                for column, value in enumerate(row):
                    sheet.write(at, column, value)
        made.save(str(tmp_path / "export.xls"))
        assert dict(read(tmp_path / "export.xls", "no", "a", sheet="2021").alike_sheets) == {"2022": 1}


class TestTextsWithFormats:
    """openpyxl joins the signs of a text whatever their formats: 10³ with a raised 3 would be 103."""

    @pytest.mark.parametrize(
        ("parts", "shown"),
        [
            (["10", ("3", {"vertAlign": "superscript"})], "10³"),
            (["85", ("12", {"vertAlign": "superscript"})], "85¹²"),
            ([("B", {"b": True}), ("12", {"vertAlign": "subscript"})], "B₁₂"),
            ([("HBs", {"b": True}), ("+", {"vertAlign": "superscript"})], "HBs+"),
            ([("6", {"color": "FF0000"}), "3"], "63"),
        ],
    )
    def test_digits_are_raised_and_lowered_as_excel_shows_them(self, book, parts, shown):
        table = book(["a"], [rich(*parts)]).read("a")
        assert (texts(table, "a"), table.problems, table.warnings) == ([shown], (), ())

    def test_a_part_that_is_struck_out_is_a_problem(self, book):
        one = book(["no", "a"], [1, rich(("12", {"strike": True}), "85")], [2, 85])
        (found,) = one.read("no", "a").problems
        assert (found.message.code, found.detail) == ("data.fault.struck_part", "row 2")

    def test_of_another_column_it_is_no_concern(self, book):
        table = book(["no", "a"], [1, rich(("12", {"strike": True}), "85")]).read("no")
        assert (table.problems, table.warnings) == ((), ())

    def test_a_text_that_is_struck_out_as_a_whole_is_told(self, book):
        table = book(["no", "a"], [1, rich(("12", {"strike": True}), " ")], [2, 85]).read("no", "a")
        (found,) = table.warnings
        assert (found.message.code, found.detail) == ("data.fault.struck_cells", "row 2")
        assert texts(table, "a") == ["12", "85"]

    def test_rows_that_are_struck_out_are_told_once(self, book):
        one = book(["no", "a", "b"], [1, 2, 3], [4, 5, None], [6, 7, 8], [9, None, None])
        for cell in (*one.sheet[3], one.sheet["B4"], one.sheet["C5"]):
            cell.font = Font(strike=True)
        table = one.read("no", "a", "b")
        found = [(warning.message.code, warning.detail) for warning in table.warnings]
        assert found == [("data.fault.struck_rows", "row 3"), ("data.fault.struck_cells", "row 4")]
        assert texts(table, "no") == ["1", "4", "6", "9"]

    def test_a_name_of_a_column_is_what_excel_shows(self, book):
        unit = rich("BSA (m", ("2", {"vertAlign": "superscript"}), ")")
        assert texts(book(["no", unit], [1, 1.6]).read("BSA (m²)"), "BSA (m²)") == ["1.6"]


def rich(*parts):
    """A text of openpyxl, whose parts may have formats."""
    return CellRichText(*(one if isinstance(one, str) else TextBlock(InlineFont(**one[1]), one[0]) for one in parts))


def test_texts_with_formats_of_an_old_workbook(tmp_path):
    made = xlwt.Workbook()
    sheet = made.add_sheet("a")
    raised, struck = xlwt.easyfont("escapement superscript"), xlwt.easyfont("struck_out true")
    all_struck = xlwt.easyxf("font: struck_out true")
    for column, name in enumerate(("no", "a", "b")):
        sheet.write(0, column, name)
        sheet.write(3, column, 7, all_struck)
    sheet.write(1, 0, 1)
    sheet.write_rich_text(1, 1, ("10", ("3", raised)))
    sheet.write_rich_text(1, 2, ("x", ("y", xlwt.easyfont("bold true"))))
    sheet.write(2, 0, 2)
    sheet.write_rich_text(2, 1, (("12", struck), "85"))
    sheet.write(2, 2, 5, all_struck)
    made.save(tmp_path / "old.xls")
    table = read(tmp_path / "old.xls", "no", "a", "b")
    assert (texts(table, "a")[0], texts(table, "b")) == ("10³", ["xy", "5", "7"])
    assert [(one.message.code, one.detail) for one in table.problems] == [("data.fault.struck_part", "row 3")]
    assert [(one.message.code, one.detail) for one in table.warnings] == [
        ("data.fault.struck_rows", "row 4"),
        ("data.fault.struck_cells", "row 3"),
    ]
