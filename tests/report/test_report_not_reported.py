"""Why a result is not given, in the words of a report."""

import pytest

from riskset.analyses.analysis import NotEstimable, RefusedByRule
from riskset.results import ResultEntry
from riskset_report.cells import Cells
from riskset_report.labels import Labels
from riskset_report.not_reported import missing, reason
from riskset_report.sections.section import Context


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (NotEstimable("separated", "no event in one level."), "no event in one level"),
        (NotEstimable("no events", ""), "no events"),
        (RefusedByRule("R4", "too few events"), "R4: too few events"),
        (
            RefusedByRule("R4", "too few events.", "merge levels."),
            "R4: too few events. What would pass: merge levels",
        ),
        (RefusedByRule("R4", ""), "R4"),
    ],
)
def test_reasons_tell_the_rule_and_a_sentence_and_no_code(entry, end, told):
    assert reason(entry(end), Cells([]), "en") == (told,)


def test_a_cell_without_numbers_says_what_it_lacks(entry):
    context = Context(None, Labels(), Cells([]))
    assert missing(entry(NotEstimable("no events", "nobody had one")), context) == "n.e."
    assert missing(entry(RefusedByRule("R4", "too few events")), context) == "refused (R4)"


@pytest.fixture
def entry(typed, lung):
    analysis = typed(lung).entries[0].analysis
    return lambda end: ResultEntry(analysis, end, "passed")
