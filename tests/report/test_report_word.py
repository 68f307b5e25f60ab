"""report.docx and tables/*.docx: valid documents with real tables, in which nothing comes from a clock."""

import io
import re
import zipfile
from datetime import datetime
from xml.etree import ElementTree

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm

from riskset_report import Recorded, report_of, write_report
from riskset_report.printed import printed_report, printer_of
from riskset_report.printing import PrintedRow, PrintedTable
from riskset_report.table_width import words_of
from riskset_report.word import table_docx
from riskset_report.word.widths import LANDSCAPE_MM, PADDING_MM, PORTRAIT_MM, layout_of

RECORDED = Recorded("ab" * 32, "2026-11-22T09:00:00.000+00:00", "2026-11-22T14:05:59.123+00:00")


@pytest.fixture
def folder(lung, typed, tmp_path, drawn_once):
    lung["notices"] = ["MADE-UP DATA."]
    write_report(report_of(typed(lung)), tmp_path, RECORDED)
    return tmp_path


@pytest.fixture
def document(folder):
    return Document(str(folder / "report.docx"))


def test_every_document_is_a_valid_archive_of_xml_without_a_clock(folder):
    files = [folder / "report.docx", *sorted((folder / "tables").glob("*.docx"))]
    assert len(files) == 3
    for file in files:
        with zipfile.ZipFile(file) as parts:
            assert parts.testzip() is None
            assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            assert parts.namelist()[0] == "[Content_Types].xml"
            assert not any("thumbnail" in name for name in parts.namelist())
            for name in parts.namelist():
                if name.endswith((".xml", ".rels")):
                    ElementTree.fromstring(parts.read(name))


def test_its_properties_are_of_the_record(document):
    properties = document.core_properties
    assert properties.title == "Survival in advanced lung cancer by sex and performance status"
    assert properties.subject == "lung-demo, version 1.0.0"
    assert properties.created.replace(tzinfo=None) == datetime(2026, 11, 22, 14, 5, 59)
    assert properties.author.startswith("riskset ")


def test_a_rehearsal_has_no_time(lung, typed, tmp_path, drawn_once):
    write_report(report_of(typed(lung)), tmp_path)
    with zipfile.ZipFile(tmp_path / "report.docx") as parts:
        assert not re.findall(r"\d{4}-\d\d-\d\dT", parts.read("docProps/core.xml").decode())
    text = "\n".join(paragraph.text for paragraph in Document(str(tmp_path / "report.docx")).paragraphs)
    assert "Run ended: a rehearsal on one machine, of which there is no record" in text


def test_the_whole_report_is_there(document):
    text = [paragraph.text for paragraph in document.paragraphs]
    assert text[0] == "Survival in advanced lung cancer by sex and performance status"
    assert text[1] == "MADE-UP DATA."
    assert "Run ended: 2026-11-22 14:05 UTC" in text
    assert "Figure 1. os, all patients, by Kaplan-Meier." in text
    assert "Table 1. os, all patients, by Kaplan-Meier." in text
    assert "Table 2. os, all patients: Cox models." in text
    assert any("One baseline hazard per site" in line for line in text)  # a note


def cells_of(table):
    return [[cell.text.replace("\u00a0", " ") for cell in row.cells] for row in table.rows]


def test_a_table_is_a_table_with_its_numbers(document):
    survival, cox = map(cells_of, document.tables)
    assert ["female", "86 (49)", "0.56 (0.40–0.80)", ".002", "0.54 (0.38–0.77)", "<.001"] in cox
    assert ["Patients", "126", "86", "212"] in survival


def test_a_table_has_three_lines_a_head_on_each_page_and_no_torn_row(document):
    for table in document.tables:
        borders = table._tbl.tblPr.find(qn("w:tblBorders"))
        assert [border.tag for border in borders] == [qn("w:top"), qn("w:bottom")]
        head, *rows = table._tbl.tr_lst
        assert head.trPr.find(qn("w:tblHeader")) is not None
        assert all(cell.find(f".//{qn('w:tcBorders')}/{qn('w:bottom')}") is not None for cell in head.tc_lst)
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in (head, *rows))
        assert all(
            row.find(f".//{qn('w:keepNext')}") is not None for row in (head, *rows)
        )  # on one page with its notes


def test_a_table_asked_for_alone_is_the_one_of_the_folder(lung, typed, folder):
    report = report_of(typed(lung))
    printed = printed_report(report, printer_of(report), RECORDED)
    assert [table_docx(printed, table) for table in printed.tables] == [
        (folder / "tables" / f"{table.name}.docx").read_bytes() for table in printed.tables
    ]


def test_a_tall_table_ends_a_page_between_groups_only(lung, typed):
    from riskset_report.word.tables import table_element

    inner = [PrintedRow(f"level {n}", ("1",), is_inner=True) for n in range(3)]
    rows = [row for n in range(10) for row in (PrintedRow(f"variable {n}", (), is_inner=False), *inner)]
    table = PrintedTable("Title", ("n",), tuple(rows), ())
    assert table.is_tall
    element = table_element(table, layout_of(table), is_followed=False)
    kept = [row.find(f".//{qn('w:keepNext')}") is not None for row in element.tr_lst[1:]]
    assert kept == [True, True, True, False] * 10


def test_a_figure_is_a_picture_that_is_told_to_who_cannot_see_it(document):
    picture, forest, log_log = document.inline_shapes
    assert picture.width == pytest.approx(Mm(PORTRAIT_MM), rel=0.001)
    assert picture._inline.docPr.get("descr") == (
        "os, all patients, by Kaplan-Meier. All its numbers are in numbers.csv: the rows in which the column `printed` "
        "names "
        "figures/km-os-all."
    )
    assert "figures/cox-os-all-cox." in forest._inline.docPr.get("descr")
    assert "figures/cox-os-all-cox-log-log." in log_log._inline.docPr.get("descr")


@pytest.mark.parametrize(("columns", "is_landscape"), [(3, False), (7, True), (14, True)])
def test_a_table_has_room_and_no_column_touches_the_next(columns, is_landscape):
    cells = ("0.53 (0.42–0.67)", "<.001") * columns
    table = PrintedTable("", ("HR (95% CI)", "P") * columns, (PrintedRow("Macrovascular invasion", cells, False),), ())
    layout = layout_of(table)
    assert layout.is_landscape == is_landscape
    assert sum(layout.widths_mm) <= (LANDSCAPE_MM if is_landscape else PORTRAIT_MM) + 1e-9
    em = layout.size * 25.4 / 72
    assert min(layout.widths_mm[2::2]) >= 2 * PADDING_MM + 0.9 * 5 * 0.5 * em * (1 if columns < 14 else 0.5)


def test_a_cell_that_does_not_fit_on_a_line_ends_it_before_the_parenthesis():
    """Else Word would end it after the dash."""
    from riskset_report.word.tables import table_element

    cells = ("3,668 (2,012)", "1.09 (0.96–1.24)", ".19") * 3
    rows = (PrintedRow("Progesterone receptor, fmol/L, per 1 in log(x + 1)", cells, False),)
    table = PrintedTable("", ("n (events)", "HR (95% CI)", "P") * 3, rows, ())
    layout = layout_of(table)
    assert not layout.is_landscape
    assert layout.is_broken == (True, True, False) * 3
    texts = [
        [t.text for t in cell.iter(qn("w:t"))] for cell in table_element(table, layout, is_followed=False).tr_lst[1]
    ]
    assert texts[2:4] == [["3,668", "(2,012)"], ["1.09", "(0.96–1.24)"]]


def test_a_sentence_in_a_cell_breaks_between_words():
    why = "R4: at a site, too few patients of an arm have a level that is counted, or too few do not"
    row = PrintedRow("response/all/recist/by-site", ("refused", why), is_inner=False)
    layout = layout_of(PrintedTable("", ("Status", "Reason"), (row,), (), is_prose=True))
    assert not layout.is_landscape
    assert layout.widths_mm[2] > 80


def test_words_of_a_study_are_never_markup_and_never_break_the_file(lung, typed, tmp_path):
    attack = "</w:t><w:p>&\x0b\"'"
    lung["study"]["title"]["en"] = lung["results"][0]["arms"][0]["level"] = attack
    write_report(report_of(typed(lung)), tmp_path)
    document = Document(str(tmp_path / "report.docx"))
    assert document.paragraphs[0].text.startswith("</w:t><w:p>&")
    again = io.BytesIO()
    document.save(again)


def test_a_sentence_without_spaces_leaves_the_other_columns_their_room():
    reason = "ある施設のある群で、数える水準に該当する患者、または該当しない患者が少なすぎる。" * 4
    table = PrintedTable("", ("状態", "理由"), (PrintedRow("cox/os", ("拒否", reason), False),), (), is_prose=True)
    layout = layout_of(table)
    assert (layout.size, layout.is_landscape) == (8.5, False)
    assert layout.widths_mm[1] > 2 * layout.size * 25.4 / 72  # two characters on one line


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("単変量 HR（95%信頼区間）", ("単変量", " HR", "（95%信頼区間）")),
        ("위험비(95% 신뢰구간)", ("위험비", "(95% 신뢰구간)")),
        ("HR (95% CI)", ("HR", " (95%", " CI)")),
    ],
)
def test_a_heading_is_broken_before_a_parenthesis_and_not_in_it_where_characters_are_wide(heading, words):
    assert words_of(heading) == words
    assert "".join(words) == heading
