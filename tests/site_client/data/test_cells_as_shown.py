"""A cell is read as Excel shows it, or what is different is told: every kind of value in every kind of format."""

import re
import unicodedata
from datetime import date, datetime

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from riskset_site.data.sources.excel import read_excel

NUMBERS = (0, 1, 7, 2.46, 0.47, 63, -3, 250, 1234.56, 1234567)
SHOWN = {
    "General": lambda n: f"{n:.10g}",
    "@": lambda n: f"{n:.10g}",
    "0": lambda n: f"{n:.0f}",
    "0.00": lambda n: f"{n:.2f}",
    "#,##0": lambda n: f"{n:,.0f}",
    "#,##0.0_ ": lambda n: f"{n:,.1f}",
    "0.00E+00": lambda n: f"{n:.2E}",
    "000000": lambda n: f"{'-' * (n < 0)}{abs(n):06.0f}",
    "[Red]0.0": lambda n: f"{n:.1f}",
    "[DBNum3]0": lambda n: f"{n:.0f}".translate({ord(str(i)): "０１２３４５６７８９"[i] for i in range(10)}),
    '0"歳"': lambda n: f"{n:.0f}歳",
    '0.0" mg/dL"': lambda n: f"{n:.1f} mg/dL",
    "0%": lambda n: f"{n * 100:.0f}%",
    "0.0%": lambda n: f"{n * 100:.1f}%",
    "0,": lambda n: f"{n / 1000:.0f}",
    "#,##0.0,,": lambda n: f"{n / 1e6:,.1f}",
    '"<"0.0': lambda n: f"<{n:.1f}",
    r"\>0": lambda n: f">{n:.0f}",
    '0"未満"': lambda n: f"{n:.0f}未満",
    '0"以上"': lambda n: f"{n:.0f}以上",
    '0"万"': lambda n: f"{n:.0f}万",
    '0"×10³"': lambda n: f"{n:.0f}×10³",
    '0" 1"': lambda n: f"{n:.0f} 1",
    ";;;": lambda n: "",
    '0;-0;"-"': lambda n: "-" if n == 0 else f"{n:.0f}",
    '0;"H"': lambda n: "H" if n < 0 else f"{n:.0f}",
    '[=1]"男";[=2]"女";0': lambda n: "男" if n == 1 else f"{n:.0f}",
    '[>=100]"H";0': lambda n: "H" if n >= 100 else f"{n:.0f}",
}
"""What Excel shows of a number in each format; of none of these numbers does Excel round a half."""
PLAIN = ("General", "@", "0", "0.00", "#,##0", "#,##0.0_ ", "0.00E+00", "000000", "[Red]0.0", "[DBNum3]0")
"""Formats that show the number and nothing else: of them nothing is to be told."""
UNIT = re.compile(r"\s*(歳|mg/dL)$")


def is_shown_as(read, shown):
    """Whether what is shown is what is read, rounded, and perhaps its unit."""
    text = UNIT.sub("", unicodedata.normalize("NFKC", shown)).replace(",", "")
    if not re.fullmatch(r"-?\d+(\.\d+)?(E[+-]\d+)?", text):
        return False
    digits = len(text.partition("E")[0].partition(".")[2])
    exponent = int(text.partition("E")[2] or 0)
    return abs(float(text) - float(read)) <= 0.5 * 10.0 ** (exponent - digits) + 1e-12


@pytest.fixture
def read(tmp_path):
    """Reads one row of cells, each a value and its format: the text of each, and what is told of its column."""

    def read(cells):
        book = openpyxl.Workbook()
        for at, (value, form) in enumerate(cells, 1):
            book.active.cell(1, at, f"c{at}")
            book.active.cell(2, at, value).number_format = form
        book.save(tmp_path / "export.xlsx")
        names = [f"c{at}" for at in range(1, len(cells) + 1)]
        table = read_excel(tmp_path / "export.xlsx", None, (1,), 0, ("",), names)
        told = {name: [] for name in names}
        for one in (*table.problems, *table.warnings):
            told[dict(one.where.values)["column"]].append(one.message.code)
        return [(table.columns[name].texts[0], told[name]) for name in names]

    return read


@pytest.mark.parametrize("form", SHOWN)
def test_a_number_is_read_as_it_is_shown_or_that_it_is_not_is_told(read, form):
    found = read([(number, form) for number in NUMBERS])
    for number, (text, told) in zip(NUMBERS, found, strict=True):
        assert float(text) == number, "the stored one is read"
        assert told or is_shown_as(text, SHOWN[form](number)), (number, SHOWN[form](number))
        assert not (told and form in PLAIN), (number, told)


@pytest.mark.parametrize("form", [*SHOWN, "yyyy/m/d", "m/d", "h:mm", '[$-411]ge"."m"."d'])
def test_a_text_is_read_as_it_is_whatever_the_format(read, form):
    texts = ("007", "1.50", "<2.0", "2024/1/31", "1E5", "TRUE", "50%")
    assert read([(text, form) for text in texts]) == [(text, []) for text in texts]


@pytest.mark.parametrize(
    "form",
    [
        *(
            "yyyy/m/d",
            "yyyy-mm-dd",
            "m/d/yy",
            "d-mmm-yy",
            'yyyy"年"m"月"d"日"',
            'yyyy"년" m"월" d"일"',
            "[$-411]ge.m.d",
        ),
        *('[$-411]ggge"年"m"月"d"日"', "[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", 'yyyy/m/d"("aaa")"', "yyyy/m/d h:mm;@"),
    ],
)
def test_a_format_that_shows_a_whole_date_gives_the_day(read, form):
    days = (date(2024, 1, 31), date(1945, 8, 15), date(1900, 3, 1))
    assert read([(day, form) for day in days]) == [(day.isoformat(), []) for day in days]
    assert read([(datetime(2024, 1, 31, 6), form)]) == [("2024-01-31 06:00:00", [])]


@pytest.mark.parametrize("form", SHOWN)
def test_a_date_without_a_format_of_dates_is_its_number(read, form):
    ((text, told),) = read([(45322, form)])
    assert text == "45322"
    assert told or is_shown_as(text, SHOWN[form](45322))


@pytest.mark.parametrize(
    ("font", "shown"),
    [
        ({"b": True}, "103"),
        ({"vertAlign": "superscript"}, "10³"),
        ({"vertAlign": "subscript"}, "10₃"),
        ({"strike": True}, ""),
    ],
)
@pytest.mark.parametrize("form", ["General", "0", "@", "yyyy/m/d"])
def test_a_text_of_parts_is_read_as_it_is_shown_or_a_problem(read, font, shown, form):
    ((text, told),) = read([(CellRichText("10", TextBlock(InlineFont(**font), "3")), form)])
    assert (text, told) == (shown, []) if shown else told == ["data.fault.struck_part"]
