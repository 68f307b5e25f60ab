"""A number that is missing in a table has its reason below it, in the report's language."""

import pytest
from tests.report.whole_study import whole_results

from riskset.analyses.methods.response_by_site import _by_site_json
from riskset.analyses.methods.rmst import _contrast_json
from riskset.analyses.quartiles import no_patients_json
from riskset.catalogue import Message, say
from riskset_report.blocks import Row, Shown, Table
from riskset_report.cells import Cell, Cells, Mark, Place
from riskset_report.cells import cells_of as cells_of_results
from riskset_report.printing import Printer
from riskset_report.sections.section import Context
from riskset_report.sections.table1 import _is_coarse

KEYS = ("survival", "lower", "upper")
WHY = say("report.missing.no_limits")


def cells_of(values):
    places = [Place("km/os/all", f"landmarks.{key}") for key in KEYS]
    return Cells(
        Cell(place.id, place, value, message=WHY if value is None else "")
        for place, value in zip(places, values, strict=True)
    )


def printed(cells, language="en", held_back=None):
    context = Context(None, None, cells, language)
    ids = tuple(cell.id for cell in cells)
    rows = tuple(context.explained(Row(label, ((Shown("percent_with_limits", ids),),))) for label in ("a", "b"))
    shown = cells if held_back is None else cells.with_values({ids[1]: held_back})
    table = Table("table", "title", ("x",), rows, ())
    return Printer(shown, "month", 30.4375, language).table(table)


@pytest.mark.parametrize("language", ["en", "ko", "ja"])
def test_a_missing_limit_says_why_once(language):
    table = printed(cells_of((0.0, None, None)), language)
    assert [row.cells[0][-1] for row in table.rows] == ["*", "*"]
    (note,) = [note for note in table.notes if note.startswith("*")]
    assert WHY.in_language(language) in note


def test_known_numbers_have_no_footnote():
    table = printed(cells_of((0.5, 0.4, 0.6)))
    assert (table.rows[0].cells, table.notes) == (("50.0 (40.0–60.0)",), ())


def test_a_number_that_is_held_back_tells_the_marks_reason_alone():
    table = printed(cells_of((0.0, None, None)), held_back=Mark("suppressed", "a small cell"))
    assert table.rows[0].cells == ("suppressed",)
    assert not any(str(WHY) in note for note in table.notes)


@pytest.mark.parametrize(
    ("quartiles", "is_coarse"),
    [
        ({"p25": 38.7, "p50": 59.0, "p75": 79.3, "width": 82.0}, True),
        ({"p25": 55.0, "p50": 62.0, "p75": 69.0, "width": 1.0}, False),
        ({"p25": None, "p50": None, "p75": None, "width": None}, False),
    ],
)
def test_quartiles_within_a_wider_interval_than_theirs_are_coarse(quartiles, is_coarse):
    assert _is_coarse({"quartiles": quartiles}) is is_coarse


def test_a_reason_inside_a_result_is_a_message_and_can_be_said_in_any_language():
    """A text would be English in the footnotes of every report."""
    reasons = [
        _contrast_json("new", "old", None)["reason"],
        _by_site_json(None, None)["cmh"]["reason"],
        no_patients_json(0)["reason"],
    ]
    assert [reason["message"].code for reason in reasons] == [
        "analyses.rmst.no_comparison",
        "analyses.proportion.by_site",
        "analyses.arm.no_patients",
    ]
    cells = cells_of_results(whole_results())
    assert {type(cell.message) for cell in cells if cell.message} == {Message}
