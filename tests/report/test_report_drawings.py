"""A figure is drawn at each of its widths, by no number that it does not name."""

import json
from dataclasses import replace

import pytest

from riskset_report import report_of
from riskset_report.figures.drawings import drawn
from riskset_report.figures.survival_figure import SurvivalFigure
from riskset_report.folder import contents_of
from riskset_report.printed import printer_of


@pytest.fixture
def figure(lung, typed):
    """The figure of the curves, and its printer."""
    report = report_of(typed(lung))
    (found,) = (block for part in report.parts for block in part.blocks if isinstance(block, SurvivalFigure))
    return found, printer_of(report)


def test_a_figure_has_files_for_each_of_its_widths(figure):
    files = drawn(*figure)
    assert [*files] == [175, 85]
    assert files == drawn(*figure)


def test_a_figure_that_draws_a_number_it_does_not_name_fails(figure):
    """Else a number that is held back could vanish from a figure's cells and stay in its drawing."""
    found, printer = figure
    fewer = replace(found, curves=found.curves[:1])
    unnamed = type("Unnamed", (type(found),), {"cells": fewer.cells})
    with pytest.raises(KeyError):
        drawn(unnamed(**{name: getattr(found, name) for name in found.__dataclass_fields__}), printer)


def test_texts_of_all_figures_are_outlines_on_request_and_provenance_says_so(lung, typed):
    report = report_of(typed(lung))
    outlined, plain = (contents_of(report, None, are_texts_paths=one) for one in (True, False))
    svgs = [name for name in plain if name.endswith(".svg")]
    assert svgs
    for name in [*svgs, "index.html"]:
        assert b"<text" in plain[name]
        assert b"<text" not in outlined[name]
    for files, asked in ((outlined, True), (plain, False)):
        assert json.loads(files["provenance.json"])["text_as_paths"] is asked
    assert all(outlined[name] == plain[name] for name in plain if name.endswith((".png", ".csv")))


def test_two_figures_of_one_file_are_refused(lung, typed):
    """A figure that fits one column has a file `NAME-85mm`, which another figure may have as its name."""
    results = typed(lung)
    entry = results.entries[0]
    other = replace(entry, analysis=replace(entry.analysis, id=f"{entry.analysis.id}-85mm"))
    with pytest.raises(ValueError, match=r"several figures or tables have one file: figures/km-os-all-85mm\.svg"):
        contents_of(report_of(replace(results, entries=(*results.entries, other))), None, are_texts_paths=False)
