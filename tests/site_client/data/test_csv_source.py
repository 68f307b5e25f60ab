"""A CSV export to a table of texts."""

import numpy as np
import pytest

from riskset.errors import DataError
from riskset_site.data.sources import rows as rows_module
from riskset_site.data.sources import table as table_module
from riskset_site.data.sources.csv import read_csv
from riskset_site.data.sources.csv_form import CsvForm
from riskset_site.data.sources.encodings import encodings_that_show


@pytest.fixture
def export(tmp_path):
    def write(content):
        path = tmp_path / "export.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path, *wanted, **form):
    return read_csv(path, CsvForm(**form), wanted)


def texts(table, name):
    column = table.columns[name]
    return [column.texts[code] for code in column.codes]


def problem(path, *wanted, **how):
    with pytest.raises(DataError) as raised:
        read(path, *wanted, **how)
    (found,) = raised.value.problems
    return found


def test_only_the_columns_asked_for_are_kept(export):
    table = read(export("id,age,name\n1, 61 ,Kim\n2,73,Sato\n"), "age", "weight")
    assert list(table.columns) == ["age"]
    assert texts(table, "age") == ["61", "73"]
    assert table.headers == ("id", "age", "name")


def test_rows_have_the_numbers_a_spreadsheet_shows(export):
    table = read(export('a,b\n1,x\n\n2,"two\nlines"\n,\n3,z\n'), "a", "b")
    assert table.row_numbers.tolist() == [2, 4, 6]
    assert texts(table, "b") == ["x", "two\nlines", "z"]
    assert table.problems == ()


def test_rows_with_a_different_number_of_fields_are_reported_and_left_out(export):
    table = read(export("a,b\n1,x\n2\n3,y,z\n4,w\n"), "a")
    assert texts(table, "a") == ["1", "4"]
    shorter, longer = table.problems
    assert str(shorter.message) == str(longer.message) == "1 row does not have the header's 2 fields"
    assert (shorter.detail, longer.detail) == ("row 3: 1 field", "row 4: 3 fields")
    assert "remark" in str(shorter.hint)
    assert "quotation marks" in str(longer.hint)


def test_a_file_of_misfits_only_is_not_empty(export):
    table = read(export("a,b\n1\n"), "a")
    assert (table.n, len(table.problems)) == (0, 1)


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_line_ending(export, ending):
    assert texts(read(export(f"a,b{ending}1,2{ending}3,4"), "b"), "b") == ["2", "4"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(export, delimiter):
    assert texts(read(export(f"a{delimiter}b\n1{delimiter}2\n"), "b", delimiter=delimiter), "b") == ["2"]


@pytest.mark.parametrize("end", ["\x1a", "\x1a\x1a", "\x1a\r\n"])
@pytest.mark.parametrize("ending", ["\r\n", ""])
def test_the_sign_of_dos_for_the_end_of_a_file_is_no_row(export, ending, end):
    table = read_csv(export("a,b\r\n1,2\r\n3,4" + ending + end), CsvForm(), ["a", "b"])
    assert (table.n, table.problems, table.columns["b"].texts) == (2, (), ("2", "4"))


def test_within_a_file_it_is_a_row_of_one_field(export):
    table = read_csv(export("a,b\n1,2\n\x1a\n3,4\n"), CsvForm(), ["a", "b"])
    assert [one.message.code for one in table.problems] == ["data.fault.field_count"]


def test_a_byte_order_mark_is_not_part_of_the_first_header(export):
    assert read(export(b"\xef\xbb\xbfa,b\n1,2\n"), "a").headers == ("a", "b")


@pytest.mark.parametrize("content", ["", "\n", ",,\n1,2,3\n"])
def test_an_empty_file(export, content):
    assert problem(export(content), "a").message.code == "data.export.empty"


@pytest.mark.parametrize("content", ["a,b", "a,b\n", "a,b\n\n,\n"])
def test_a_header_alone(export, content):
    assert problem(export(content), "a").message.code == "data.export.no_rows"


def test_of_a_repeated_column_it_is_said_which_one_is_meant(export):
    path = export("a,b,a\n1,2,3\n")
    found = problem(path, "a")
    assert str(found.message) == "appears 2 times in the header"
    assert "'a [1]' or 'a [2]'" in str(found.hint)
    table = read(path, "b", "a [2]")
    assert table.headers == ("a [1]", "b", "a [2]")
    assert texts(table, "a [2]") == ["3"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;;"])
def test_a_first_line_that_tells_excel_the_delimiter_is_read(export, first):
    path = export(f"{first}\r\na;b\r\n1;x\r\n\r\n2;y\r\n")
    for form in ({}, {"delimiter": ";"}):
        table = read(path, "b", **form)
        assert texts(table, "b") == ["x", "y"]
        assert table.row_numbers.tolist() == [2, 4], "a spreadsheet does not show that line"
    found = problem(path, "b", delimiter=",")
    assert (found.message.code, found.line) == ("data.source.sep_line", 1)


class TestHeaderRows:
    def test_a_header_below_a_title(self, export):
        table = read(export("List of 1 May\n\na,b\n1,2\n"), "b", header=(3,))
        assert (texts(table, "b"), table.row_numbers.tolist()) == (["2"], [4])

    def test_two_rows_with_merged_cells(self, export):
        table = read(export("id,dates,,sex\n,start,death,\n1,x,y,m\n"), "dates/death", header=(1, 2))
        assert table.headers == ("id", "dates/start", "dates/death", "sex")
        assert texts(table, "dates/death") == ["y"]

    def test_they_are_repeated_below(self, export):
        table = read(export("x,\na,b\n1,2\nx,\na,b\n3,4\n"), "x/b", header=(1, 2))
        assert texts(table, "x/b") == ["2", "4"]
        assert table.problems[0].detail == "rows 4, 5"

    def test_width_is_no_difference_where_one_column_is_meant(self, export):
        table = read(export("ＡＦＰ,ｂ\n1,2\n"), "AFP")
        assert texts(table, "AFP") == ["1"]
        assert (table.headers, table.warnings[0].message.code) == (("AFP", "ｂ"), "data.source.respelled_column")
        assert "AFP" not in read(export("ＡＦＰ,AＦP\n1,2\n"), "AFP").columns

    @pytest.mark.parametrize(("name", "other"), [("AFP1", "AFP①"), ("m2", "m²"), ("12", "1½")])
    def test_a_sign_of_its_own_is_another_name(self, export, name, other):
        assert name not in read(export(f"{other},b\n1,2\n"), name).columns


class TestBelowTheTable:
    FILE = "a,b\n1,x\n2,y\n\ntotal,2\nprinted on 1 May\n,\n"

    def test_a_footer_is_left_out_and_listed(self, export, monkeypatch):
        for rows in (500, 1, 2):
            monkeypatch.setattr(rows_module, "_CHUNK_ROWS", rows)
            table = read(export(self.FILE), "a", footer=2)
            assert (texts(table, "a"), table.problems) == (["1", "2"], ())
            assert table.warnings[0].detail == "rows 5, 6: 'total 2', 'printed on 1 May'"

    def test_the_hint_names_it(self, export):
        assert "footer = 1" in read(export(self.FILE), "a").problems[0].hint
        cut_above = read(export("a,b\n1\n2,y\n"), "a")
        assert "footer" not in cut_above.problems[0].hint, "a row above patients"

    def test_a_file_of_nothing_else(self, export):
        assert problem(export(self.FILE), "a", footer=4).message.code == "data.export.no_rows"


class TestDelimiterAtTheEnd:
    def test_of_every_row_is_left_out(self, export):
        table = read(export("a,b\n1,x,\n2,,\n"), "b")
        assert (texts(table, "b"), table.problems) == (["x", ""], ())

    def test_of_some_rows_is_a_problem(self, export):
        found = problem(export("a,b\n1,x,\n2,y\n"), "b")
        assert (found.message.code, found.line) == ("data.source.some_end_with_delimiter", 3)
        assert len(read(export("a,b\n1,x\n2,y,\n"), "b").problems) == 1

    def test_a_field_without_a_name_is_no_delimiter(self, export):
        assert len(read(export("a,b\n1,x,\n2,y,z\n"), "b").problems) == 1


def test_other_quotation_marks(export):
    assert texts(read(export("a,b\n1,'x,y'\n"), "b", quote="'"), "b") == ["x,y"]
    assert texts(read(export('a,b\n1,5" tube\n'), "b", quote=""), "b") == ['5" tube']


def test_zero_bytes(export):
    assert problem(export(b"a,b\n1,\x002\n"), "a").message.code == "data.export.zero_bytes"
    utf_16 = export("a,b\n1,2\n".encode("utf-16"))
    hint = str(problem(utf_16, "a").hint)
    assert "save it as 'CSV UTF-8'" in hint
    assert "encoding" not in hint, "a site file cannot name UTF-16"
    assert texts(read(utf_16, "b", encoding="utf-16"), "b") == ["2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('a,b\n1,"x\n2,y\n', "a quotation mark opens a text that never ends"),
        ('a,b\n1,"x"y\n', "not valid CSV: ',' expected after '\"'"),
    ],
)
def test_wrong_quoting_is_reported_with_its_line(export, content, message):
    found = problem(export(content), "a")
    assert str(found.message) == message
    assert found.line in (2, 3)


def test_the_right_encoding_is_suggested_and_not_taken(export):
    japanese = export("患者番号,薬\n1,ソラフェニブ\n".encode("cp932"))
    found = problem(japanese, "患者番号")
    assert str(found.hint) == "set encoding = 'cp932' in [source]; all mapped columns then appear"
    assert texts(read(japanese, "薬", encoding="cp932"), "薬") == ["ソラフェニブ"]


def test_a_korean_file_that_decodes_as_japanese_is_recognised_by_its_headers(export):
    korean = export("나이,성별\n61,남\n".encode("cp949"))
    assert "나이" not in read(korean, encoding="cp932").headers  # no error, but wrong text
    assert encodings_that_show(korean, CsvForm(), ["나이", "성별"]) == ("cp949",)


def test_no_encoding_is_offered_that_fails_further_down(export):
    assert encodings_that_show(export(b"a,b\n1,\x81 \n"), CsvForm(), ["a"]) == ()


def test_a_column_that_does_not_repeat_itself_is_read_the_same(export, monkeypatch):
    monkeypatch.setattr(table_module, "_DISTINCT_TEXTS", 300)
    values = [str(number % 700) for number in range(5_000)]
    table = read(export("\n".join(["a,b", *(f"{value},x" for value in values)])), "a", "b")
    assert texts(table, "a") == values
    assert table.columns["a"].codes.max() > 700  # later rows have their own codes
    assert table.columns["b"].codes.max() == 0
    np.testing.assert_array_equal(table.row_numbers, np.arange(2, 5_002))


def test_a_text_that_is_written_for_excel_is_the_text(export):
    lines = ["id,afp", '"=""000001""",="2.2"', "000001,3", '"=""a """"b""""""",=1', '="12" ,="x"&"y"', "=,5"]
    table = read(export("\n".join(lines)), "id", "afp")
    assert texts(table, "id") == ["000001", "000001", 'a "b"', "12", "="]
    assert texts(table, "afp") == ["2.2", "3", "=1", '="x"&"y"', "5"]
    assert [(one.message.code, one.detail) for one in table.warnings] == [("data.fault.text_formula", "rows 2, 4, 5")]
    assert not read(export("id,afp\n000001,=1\n"), "id", "afp").warnings
    with_rest = read_csv(export('id,note\n1,="x"\n'), CsvForm(), ["id"], every=True)
    assert (texts(with_rest, "note"), with_rest.warnings) == (["x"], ())
