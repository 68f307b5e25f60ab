"""The attacker can read each form of file: it finds what is hidden in one, and in a drawing what is not gated."""

import io
import xml.etree.ElementTree as Xml
import zipfile
from collections import Counter
from struct import pack
from zlib import crc32

import numpy as np
import pytest
from tests.release.conftest import RECORDED

from riskset_release.attacker.counts import printed_counts
from riskset_release.attacker.curves import small_drawn_steps
from riskset_release.attacker.drawing import curves_of
from riskset_release.attacker.folder import said_in
from riskset_release.attacker.pdf import read_pdf
from riskset_release.attacker.svg import read_svg
from riskset_release.attacker.tables import layout_of, readings
from riskset_release.gated_outputs import outputs_of
from riskset_report import report_of
from riskset_report.figures.drawings import drawn
from riskset_report.printed import printed_report, printer_of

K = 5


@pytest.fixture(scope="module")
def files(lung):
    return {path: content for one in outputs_of(lung, RECORDED) for path, content in one.files.items()}


@pytest.fixture(scope="module")
def unpublished(lung_results):
    """The Kaplan-Meier figure of the results as the hospitals have them."""
    report = report_of(lung_results)
    printer = printer_of(report)
    figure = next(one.figure for one in printed_report(report, printer, None).figures if one.name == "km-os-all")
    return drawn(figure, printer)[175]


@pytest.mark.parametrize(("form", "read"), [("svg", read_svg), ("pdf", read_pdf)])
def test_a_drawing_gives_small_steps_away_before_the_gate_and_none_behind_it(unpublished, files, form, read):
    before = curves_of(read(getattr(unpublished, form)))
    assert len(small_drawn_steps("km", before, K)) > 20
    behind = curves_of(read(files[f"figures/km-os-all.{form}"]))
    assert [len(curve.steps) for curve in behind] == [9, 9]
    assert small_drawn_steps("km", behind, K) == []


@pytest.mark.parametrize("width", ["", "-85mm"])
def test_svg_and_pdf_have_the_same_curves_and_the_same_words(files, width):
    svg = read_svg(files[f"figures/km-os-all{width}.svg"])
    pdf = read_pdf(files[f"figures/km-os-all{width}.pdf"])
    assert Counter(word.text for word in svg.words) == Counter(word.text for word in pdf.words)
    for of_svg, of_pdf in zip(curves_of(svg), curves_of(pdf), strict=True):
        assert of_svg.at_risk == of_pdf.at_risk
        np.testing.assert_allclose(of_svg.steps, of_pdf.steps, atol=1e-3)  # coordinates have six decimals


def test_the_drawn_steps_are_those_of_the_published_curve(lung, files):
    (entry,) = (one for one in lung.results.entries if one.kind == "km")
    days_per_unit = lung.results.study.days_per_unit
    for drawn_curve, arm in zip(curves_of(read_svg(files["figures/km-os-all.svg"])), entry.result.arms, strict=True):
        published = dict(zip(arm.curve.day, arm.curve.survival, strict=True))
        for time, height in drawn_curve.steps[1:]:
            assert published[round(time * days_per_unit)] == pytest.approx(height / 100, abs=1e-6)


def test_tables_print_the_same_numbers_in_each_form_and_the_true_ones(lung, files):
    read = list(readings(files, layout_of(lung.report())))
    by_form = {
        form: {(one.id, one.text) for one in read if one.path.endswith(form)} for form in ("csv", "html", "docx")
    }
    assert by_form["csv"] == by_form["html"] == by_form["docx"] != set()
    system = lung.counted.system
    assert all(system.values[lung.counted.cells[one.id]] == one.value for one in read if one.id in lung.counted.cells)


def test_a_table_of_every_kind_prints_the_true_counts(gate, published):
    printed = printed_counts(readings(published, layout_of(gate.report())), gate.counted)
    assert len(printed) > 20
    assert printed == {name: {gate.counted.system.values[name]} for name in printed}


def test_a_table_of_another_form_is_not_read_as_if_it_said_nothing(lung, files):
    changed = {**files, "tables/km-os-all.csv": files["tables/km-os-all.csv"].replace(b"Events,,101", b"Events,101")}
    with pytest.raises(ValueError, match="expected"):
        list(readings(changed, layout_of(lung.report())))


def _with_part(docx, name, text):
    target = io.BytesIO(docx)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, text)
    return target.getvalue()


def _with_chunk(png, kind, content):
    chunk = pack(">I", len(content)) + kind + content + pack(">I", crc32(kind + content))
    return png[:-12] + chunk + png[-12:]


HIDDEN = {
    "figures/km-os-all.svg": [
        lambda data: data.replace(b"</svg>", b"<!-- 3 patients --></svg>"),
        lambda data: data.replace(b"</svg>", b"<title>3 patients</title></svg>"),
        lambda data: data.replace(b"</svg>", b'<text style="display: none">3 patients</text></svg>'),
        lambda data: data.replace(b'<g id="figure_1"', b'<g data-note="3 patients" id="figure_1"'),
    ],
    "figures/km-os-all.pdf": [
        lambda data: data.replace(b"34 0 obj\n<< >>", b"34 0 obj\n<< /Title (3 patients) >>"),
        lambda data: data.replace(b"xref", b"99 0 obj\n<< >>\nstream\n3 patients\nendstream\nendobj\nxref", 1),
    ],
    "figures/km-os-all.png": [
        lambda data: _with_chunk(data, b"tEXt", b"Comment\x003 patients"),
        lambda data: data + b"3 patients",
    ],
    "tables/km-os-all.html": [
        lambda data: data.replace(b"</body>", b"<!-- 3 patients --></body>"),
        lambda data: data.replace(b"<td>", b'<td title="3 patients">', 1),
        lambda data: data.replace(b"</body>", b"<p hidden>3 patients</p></body>"),
    ],
    "tables/km-os-all.docx": [
        lambda data: _with_part(data, "word/comments.xml", "<comments><t>3 patients</t></comments>"),
        lambda data: _with_part(data, "docProps/custom.xml", '<a b="3 patients"/>'),
    ],
}


@pytest.mark.parametrize(("path", "hide"), [(path, hide) for path, ways in HIDDEN.items() for hide in ways])
def test_what_is_hidden_in_a_file_is_read(files, path, hide):
    """Whether or not it is shown."""
    assert not any("3 patients" in text for said in said_in(path, files[path]) for text in said)
    assert any("3 patients" in text for text in said_in(path, hide(files[path]))[1])


def test_a_file_of_another_form_is_refused():
    with pytest.raises(ValueError, match="cannot be read"):
        said_in("tables/km.xlsx", b"")


@pytest.mark.parametrize("name", ["km-os-all", "cox-os-all-cox-log-log"])
def test_a_curve_has_no_point_that_is_cut_off(files, name):
    """What is beyond the axes is not seen, and would be in the file all the same."""
    root = Xml.fromstring(files[f"figures/{name}.svg"])
    (box,) = root.iter("{http://www.w3.org/2000/svg}rect")
    left, top, width, height = (float(box.get(key)) for key in ("x", "y", "width", "height"))
    lines = [one for one in read_svg(files[f"figures/{name}.svg"]).items if getattr(one, "is_clipped", False)]
    points = np.array([point for line in lines for point in line.points])
    assert len(points) > 20
    assert ((points >= (left - 0.01, top - 0.01)) & (points <= (left + width + 0.01, top + height + 0.01))).all()
