"""Fonts of figures: what is drawn with, what the files name and hold, and what a person is told of a missing one."""

import io
import re
import zlib

import pytest
from matplotlib.figure import Figure
from PIL import Image

from riskset_report.figures import font_families
from riskset_report.figures.style import GlyphWarning, files_of, house_style, text_as_paths

LENVATINIB = "レンバチニブ"


def files(*texts, as_paths=False):
    with house_style():
        figure = Figure(figsize=(2, 1))
        for index, text in enumerate(texts):
            figure.text(0.1, 0.8 - 0.3 * index, text)
        if not as_paths:
            return files_of(figure)
        with text_as_paths():
            return files_of(figure)


def objects(pdf):
    """A PDF with its streams readable."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    readable = [zlib.decompress(stream) for stream in streams if stream.startswith(b"x\x9c")]
    return b"\n".join([pdf, *readable])


@pytest.fixture
def only(monkeypatch):
    """Leaves only some fonts on the machine."""

    def only(*families):
        monkeypatch.setattr(font_families, "_installed", lambda: frozenset(families))

    return only


def test_the_first_font_that_journals_ask_for_is_drawn_with_then_the_others_fill_its_gaps(only):
    only("Meiryo", "DejaVu Sans", "Liberation Sans", "Arial", "Noto Sans CJK JP", "Comic Sans MS")
    assert font_families.families() == ("Arial", "DejaVu Sans", "Noto Sans CJK JP", "Meiryo")
    only("DejaVu Sans")
    assert font_families.families() == ("DejaVu Sans",)


def test_the_svg_keeps_text_and_names_the_fonts_of_any_reader(only):
    only("DejaVu Sans")
    svg = files("Months since enrolment").svg.decode()
    assert ">Months since enrolment</text>" in svg
    (named,) = re.findall('<svg font-family="([^"]*)"', svg)
    assert named.startswith("'Arial', 'Helvetica', 'Liberation Sans', 'DejaVu Sans', 'Noto Sans CJK JP', ")
    assert named.endswith(", sans-serif")
    assert svg.count("font-family") == 1


def test_the_pdf_embeds_truetype_fonts_and_its_text_can_be_read(only):
    only("DejaVu Sans")
    pdf = objects(files("Months").pdf)
    assert re.search(rb"/BaseFont /[A-Z]{6}\+DejaVuSans", pdf)
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"/ToUnicode" in pdf


def test_text_as_paths_needs_no_font():
    drawn, plain = files("Months since enrolment", as_paths=True), files("Months since enrolment")
    assert b"<text" not in drawn.svg
    assert b"Months" not in drawn.svg.replace(b"<!-- Months since enrolment -->", b"")
    assert b"/FontFile" not in objects(drawn.pdf)
    assert b"/FontFile2" in objects(plain.pdf)
    assert drawn.png == plain.png
    assert files("Months since enrolment") == plain


def test_no_file_has_a_date_a_program_or_chance():
    first, second = files("Months"), files("Months")
    assert first == second
    assert b"CreationDate" not in first.pdf
    assert b"dc:date" not in first.svg
    assert Image.open(io.BytesIO(first.png)).text == {}


def test_a_character_that_no_font_has_is_told_to_the_person_not_in_the_files(only):
    only("DejaVu Sans")
    with pytest.warns(GlyphWarning, match=f"^No font of this machine has {''.join(sorted(LENVATINIB))}: ") as told:
        found = files(f"{LENVATINIB} 8 mg", "Months")
    assert len(told) == 1
    assert f">{LENVATINIB} 8 mg</text>" in found.svg.decode()
    assert not any(b"No font" in objects(content) for content in (found.svg, found.pdf, found.png))


def test_a_font_of_postscript_outlines_is_not_embedded_as_if_it_were_truetype(only, monkeypatch):
    only("DejaVu Sans")
    assert b"/FontFile2" in objects(files("Months").pdf)
    monkeypatch.setattr(font_families, "_has_postscript_outlines", lambda family: family == "DejaVu Sans")
    found = files("Months")
    assert b"/FontFile" not in objects(found.pdf)
    assert b">Months</text>" in found.svg


def test_postscript_outlines_are_known_by_the_head_of_the_file(tmp_path, monkeypatch):
    heads = {
        "truetype": b"\x00\x01\x00\x00" + b"\0" * 20,
        "postscript": b"OTTO" + b"\0" * 20,
        "collection of postscript": b"ttcf\0\2\0\0\0\0\0\1\0\0\0\x14\0\0\0\0OTTO",
        "collection of truetype": b"ttcf\0\1\0\0\0\0\0\1\0\0\0\x14\0\0\0\0\x00\x01\x00\x00",
    }
    monkeypatch.setattr(font_families, "_file_of", lambda family: tmp_path / family)
    for name, head in heads.items():
        (tmp_path / name).write_bytes(head)
        assert font_families._has_postscript_outlines(name) == name.endswith("postscript")
