"""A number format can show another number than the cell holds."""

import openpyxl
import pytest

from riskset_site.data.source_kinds import SOURCES
from riskset_site.data.sources.number_formats import is_percentage, shows_another
from riskset_site.data.sources.reading import read_source

ANOTHER = [
    ('"<"0', 2), (r"\<0.0", 2), ("0,", 63000), ("#,##0,,", 1e6), ('0"00"', 5),
    ('0"万"', 5), ('0.0"×10³"', 5), ('0"未満"', 2),
    (";;;", 3), ("0;-0;;@", 0), ('[<2]"<2";0', 1), ('[<2]"<2";0', 5), ('"n/a"', 7), ('0;"<"0', -1),
]  # fmt: skip
SAME = [
    ("General", 5), ("0", 2.7), ("0.00", 2), ("#,##0", 63000), ("#,##0.00_);[Red](#,##0.00)", -5), ('0" mg/dL"', 5),
    ('0"歳"', 63), ("0.00E+00", 5), ("[$-411]0", 5), ("0;-0;;@", 5), ('_-* #,##0_-;-* #,##0_-;_-* "-"_-;_-@_-', 5),
    ('0;"<"0', 1), ("# ?/?", 0.5), ("@", 5), ("[DBNum1]General", 5), ('"¥"#,##0', 5), ("00000", 12),
]  # fmt: skip


@pytest.mark.parametrize(("format_", "number"), ANOTHER)
def test_shows_another(format_, number):
    assert shows_another(format_, number)


@pytest.mark.parametrize(("format_", "number"), SAME)
def test_shows_the_number_itself(format_, number):
    assert not shows_another(format_, number)


def test_a_percent_sign_in_a_text_is_none():
    assert is_percentage("0.0%")
    assert not is_percentage('0"%"')


def test_the_check_warns_with_the_rows(tmp_path):
    book = openpyxl.Workbook()
    for row, (value, format_) in enumerate((("x", "General"), (2, '"<"0'), (63, "0"), (5, "0%")), 1):
        cell = book.active.cell(row, 1, value)
        cell.number_format = format_
    book.save(tmp_path / "x.xlsx")
    table = read_source(SOURCES["excel"](excel=tmp_path / "x.xlsx"), ["x"], ())
    assert [(one.message.code, one.detail) for one in table.warnings] == [
        ("data.fault.shown_otherwise", "row 2"),
        ("data.fault.percent_cell", "row 4"),
    ]
