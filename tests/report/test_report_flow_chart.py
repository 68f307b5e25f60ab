"""The flow chart as a figure: nine patients counted by hand, what is held back, and that everything fits a page."""

import re
from dataclasses import replace

import pytest
from tests.hand.test_flow_by_hand import ROWS, STUDY

from riskset.analyses.analysis import RefusedByRule
from riskset.results import results_of
from riskset.study.load import load_study
from riskset_report.blocks import PAGE_MM
from riskset_report.cells import Mark, Place
from riskset_report.figures.flow_figure import FlowFigure
from riskset_server.run.rehearse import rehearse

SUPPRESSED = Mark("suppressed", "fewer than 5 patients")
COLUMNS = ("arm", "age", "ecog", "days", "dead")


@pytest.fixture(scope="module")
def nine(desk_at, tmp_path_factory):
    """Returns the results of the nine patients, of their study with some texts replaced."""

    def nine(**replaced):
        desk = desk_at(tmp_path_factory.mktemp("nine"))
        text = STUDY.replace('again = { kind = "flow" }\n', "")
        for old, new in replaced.values():
            assert old in text
            text = text.replace(old, new)
        desk.writes_study(text)
        for site, rows in ROWS.items():
            desk.adds_site(site, [dict(zip(COLUMNS, row, strict=True)) for row in rows])
        study = load_study(desk.study)
        rehearsed = rehearse(study, desk.sites, is_gated=False)
        return results_of(study, rehearsed.outcome, rehearsed.sites)

    return nine


@pytest.fixture(scope="module")
def results(nine):
    return nine()


def figure_of(found):
    (figure,) = found.blocks("flow", FlowFigure)
    return figure


def texts(box):
    return [line.text.replace("\N{NO-BREAK SPACE}", " ") for line in box.lines]


def test_boxes_have_the_numbers_that_were_counted_by_hand(results, printed):
    found = printed(results)
    plot = figure_of(found).plot(found.printer)
    read, eligible = plot.trunk
    assert texts(read.box) == ["Patients in the exports (n = 8)"]
    assert texts(read.beside) == ["Excluded (n = 2)", "Criterion not met, in this order:", "Adults (n = 2)"]
    assert texts(eligible.box) == ["Eligible patients (n = 6)"]
    assert eligible.beside is None
    old, new = plot.columns
    assert [texts(box) for box in old] == [
        ["old (n = 3)"],
        ["os", "With follow-up (n = 2)", "Analysed, with all covariates (n = 2)"],
    ]
    assert [texts(box) for box in new] == [
        ["new (n = 3)"],
        ["os", "With follow-up (n = 3)", "Analysed, with all covariates (n = 2)"],
    ]
    assert plot.footnotes == ("Patients whose arm is unknown are in no box.",)


def test_a_study_without_arms_has_one_column(nine, printed):
    found = printed(nine(arms=('[comparison]\narm = "arm"\nreference = "old"\n', "")))
    plot = figure_of(found).plot(found.printer)
    assert texts(plot.trunk[0].box) == ["Patients in the exports (n = 9)"]
    ((analysed,),) = plot.columns
    assert texts(analysed)[1:] == ["With follow-up (n = 6)", "Analysed, with all covariates (n = 4)"]
    assert plot.footnotes == ()


def test_a_study_without_criteria_begins_with_the_eligible(nine, printed):
    criterion = '[[eligibility]]\nid = "adults"\nlabel = "Adults"\nrule = "age >= 18"\n'
    found = printed(nine(eligibility=(criterion, "")))
    plot = figure_of(found).plot(found.printer)
    assert [texts(one.box) for one in plot.trunk] == [["Eligible patients (n = 8)"]]
    assert plot.trunk[0].beside is None


def test_more_arms_than_fit_beside_each_other_are_lines(nine, printed):
    levels = ('levels = ["old", "new"]', 'levels = ["old", "new", "c", "d", "e"]')
    found = printed(nine(levels=levels))
    (column,) = figure_of(found).plot(found.printer).columns
    assert texts(column[0]) == ["old (n = 3)", "new (n = 3)", "c (n = 0)", "d (n = 0)", "e (n = 0)"]


def test_a_box_that_a_rule_refused_is_named_and_so_is_the_reason(results, printed):
    entry = next(entry for entry in results.entries if entry.kind == "flow")
    refused = refused_box(results, entry, "read")
    found = printed(refused)
    plot = figure_of(found).plot(found.printer)
    assert texts(plot.trunk[0].box) == ["Patients in the exports (n = not given)"]
    assert texts(plot.trunk[0].beside)[0] == "Excluded (n = not given)"
    assert texts(plot.trunk[1].box) == ["Eligible patients (n = 6)"]
    assert "Not given (Patients in the exports): R2: too few." in plot.footnotes


def refused_box(results, entry, step):
    """The results with one box refused."""
    parts = tuple(
        replace(part, result=RefusedByRule("R2", "too few", "")) if part.analysis.id == f"flow/{step}" else part
        for part in entry.parts
    )
    changed = replace(entry, parts=parts)
    return replace(results, entries=tuple(changed if one is entry else one for one in results.entries))


def test_a_number_held_back_is_a_mark_and_so_is_what_it_would_tell(results, printed):
    found = printed(results)
    figure = figure_of(found)
    read = Place("flow", "steps[0].n", variable="arm").id
    marked = replace(found.printer, cells=found.report.cells.with_values({read: SUPPRESSED}))
    plot = figure.plot(marked)
    assert texts(plot.trunk[0].box) == ["Patients in the exports (n = suppressed)"]
    assert texts(plot.trunk[0].beside) == [
        "Excluded (n = suppressed)",
        "Criterion not met, in this order:",
        "Adults (n = suppressed)",
    ]
    assert plot.footnotes[-1] == "suppressed: fewer than 5 patients."


def test_no_file_depends_on_a_number_that_is_held_back(results, printed):
    found = printed(results)
    figure = figure_of(found)
    values = [dict.fromkeys(figure.cells, SUPPRESSED)] * 2
    values = [found.report.cells.with_values(dict.fromkeys(figure.cells, n)).with_values(values[0]) for n in (7, 9)]
    first, second = (figure.drawn(replace(found.printer, cells=cells), PAGE_MM) for cells in values)
    assert first == second
    assert not re.search(r"n\s=\s\d", first.svg.decode())


def test_every_number_of_it_is_a_cell(results, printed):
    """With every cell another number no digit of the first stays."""
    found = printed(results)
    figure = figure_of(found)
    cells = found.report.cells.with_values(dict.fromkeys(figure.cells, 4321))
    plot = figure.plot(replace(found.printer, cells=cells))
    boxes = [box for one in plot.trunk for box in (one.box, one.beside) if box] + [b for c in plot.columns for b in c]
    numbers = {n for box in boxes for text in texts(box) for n in re.findall(r"n = ([\d,]+)", text)}
    assert numbers == {"4,321", "0"}  # nobody is left out between equal boxes
