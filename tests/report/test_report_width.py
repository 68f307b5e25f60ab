"""No table is wider than the page: cells break before a parenthesis, then the type becomes smaller."""

import re

import matplotlib as mpl
import pytest

from riskset_report import report_of, table_width, write_report
from riskset_report.figures.ruler import Ruler
from riskset_report.printing import PrintedRow, PrintedTable

SCREEN = (52 * 16, 0.9 * 16)  # at 1280 pixels: body's max-width, and the size of a table's type
PAPER = (17.5 / 2.54 * 72, 8.6)  # A4 within the margins of @page, in points
TEST = "χ² = 76.32 (df 10, P < .001)"
TABLES = {
    "four functions of time": [("1 − S(t−)", TEST), ("t", TEST), ("rank of t", TEST), ("log t", TEST)],
    "two models": [("Multivariable n (events)", "1,504 (486)"), ("HR (95% CI)", "0.53 (0.42–0.67)"), ("P", "<.001")]
    * 2,
    "adverse events of three arms": [("lenvatinib", "272/301 (90.4)")] * 4
    + [("Difference, % (95% CI)", "−21.2 (−29.1 to −12.9)"), ("P", "<.001")] * 2,
    "times of six arms": [("レンバチニブ", "154.3 (112.5–1,203.4)")] * 7,
}


def table_of(columns):
    headings, cells = zip(*columns, strict=True)
    return PrintedTable("", headings, (PrintedRow("Heading", (), False), PrintedRow("Row", cells, True)), ())


def measured(table, size, ruler):
    """The least width of a table in DejaVu Sans, in units of `size`; labels have the width that the page gives them."""
    pieces_of = table_width.pieces if table.fit.is_broken else lambda cell: (cell,)
    em = 7.0 + 0.83
    for number, heading in enumerate(table.columns):
        pieces = [piece for row in table.rows if row.cells for piece in pieces_of(row.cells[number])]
        em += ruler.widest([*heading.split(), *pieces], 72) + 0.83
    return em * size * table.fit.type_size


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
@pytest.mark.parametrize("name", TABLES)
def test_no_table_is_wider_than_the_screen_or_the_paper(name):
    table, ruler = table_of(TABLES[name]), Ruler()
    with mpl.rc_context({"font.family": "DejaVu Sans"}):
        for room, size in (SCREEN, PAPER):
            assert measured(table, size, ruler) <= room


def test_a_table_gives_up_no_more_than_it_must():
    fits = {name: table_of(columns).fit for name, columns in TABLES.items()}
    assert not fits["two models"].is_broken
    assert fits["four functions of time"] == table_width.Fit(is_broken=True, type_size=1.0)
    assert fits["times of six arms"].type_size < 1


def test_a_cell_breaks_only_before_a_parenthesis(lung, typed, tmp_path, monkeypatch, drawn_once):
    def cells():
        write_report(report_of(typed(lung), None), tmp_path)
        page = (tmp_path / "index.html").read_text(encoding="utf-8")
        return set(re.findall(r'table class="broken"', page)), re.findall(r"<td>(.*?)</td>", page)

    of_ratio = "<span>0.56</span> <span>(0.40–0.80)</span>"
    broken, printed = cells()
    assert not broken
    assert of_ratio in printed
    monkeypatch.setattr(table_width, "WIDEST_EM", 20.0)
    broken, printed = cells()
    assert broken
    assert of_ratio in printed
