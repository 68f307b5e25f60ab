"""A bare quotation mark, as for "ditto", opens a text that only the next one closes: the rows between are not lost
unseen."""

import pytest

from riskset_site.data.sources.csv import read_csv
from riskset_site.data.sources.csv_form import CsvForm

HEAD = "no,arm,remark,day\n"


def read(tmp_path, text, **form):
    (tmp_path / "export.csv").write_text(text, newline="")
    return read_csv(tmp_path / "export.csv", CsvForm(**form), ["no"])


def of(rows, columns):
    """Returns rows of which the last column is the remark, or a middle one."""
    order = ["no", "arm", "remark", "day"] if columns == "middle" else ["no", "arm", "day", "remark"]
    return ",".join(order) + "\n" + "".join(",".join(row[name] for name in order) + "\n" for row in rows)


def patients(marks):
    return [{"no": str(n), "arm": "a", "remark": mark, "day": "2024-01-31"} for n, mark in enumerate(marks, 1)]


@pytest.mark.parametrize("columns", ["middle", "last"])
@pytest.mark.parametrize(
    "marks", [["seen", '"', '"', "x"], ['"bad', "", "b", 'bad"'], ['"', "x", "", '"'], ['"', '"'] * 6]
)
def test_ditto_marks_are_a_problem_with_the_rows(tmp_path, columns, marks):
    table = read(tmp_path, of(patients(marks), columns))
    assert [one.message.code for one in table.problems] == ["data.fault.swallowed_rows"]
    assert 'quote = ""' in str(table.problems[0].hint)
    n = marks.count('"') // 2 if len(marks) > 4 else 1
    assert str(table.problems[0].message).startswith(str(n))


@pytest.mark.parametrize("columns", ["middle", "last"])
def test_as_letters_all_rows_are_read(tmp_path, columns):
    table = read(tmp_path, of(patients(["seen", '"', '"', "x"]), columns), quote="")
    assert (list(table.columns["no"].by_row), table.problems) == (["1", "2", "3", "4"], ())


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [";", "\t"])
def test_with_other_delimiters_and_line_ends(tmp_path, end, mark):
    text = of(patients(['"', '"', "x"]), "middle").replace(",", mark).replace("\n", end)
    assert len(read(tmp_path, text, delimiter=mark).problems) == 1


def test_with_a_delimiter_at_the_end_of_each_row_or_a_footer(tmp_path):
    text = of(patients(["x", '"', '"', "x"]), "middle")
    assert len(read(tmp_path, "".join(f"{line},\n" for line in text.splitlines())).problems) >= 1
    assert len(read(tmp_path, of(patients(["x", '"', '"']), "middle"), footer=1).problems) == 1


@pytest.mark.parametrize(
    "remark",
    [
        "two\nlines",
        "two\n\nlines",
        "pain, fever,\nand cough",
        "a, b\n, c, d",
        "lung, bone\nliver, spleen, brain",
        "\n",
        "",
    ],
)
def test_a_remark_of_several_lines_is_one(tmp_path, remark):
    table = read(tmp_path, f'{HEAD}1,a,"{remark}",2024-01-31\n2,b,,2024-01-31\n')
    assert (list(table.columns["no"].by_row), table.problems) == (["1", "2"], ())
