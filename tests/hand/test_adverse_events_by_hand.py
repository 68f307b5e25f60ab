"""Adverse events of nine patients at two sites, counted by hand.

Worst grades of hypertension (h) and rash (r, yes or no) of the patients who were exposed:

north: treated h 3, r no; h 1, r yes; h 0, r yes. Controls h 0, r no; h 2, r no.
south: treated h 4, r no. Controls h 0, r no; h 0, r yes. One more was never exposed.

Hypertension of any grade: 3 of 4 treated, 1 of 4 controls; of grade 3 or worse 2 of 4 and 0 of 4. Rash: 2 and 1.
Either: 4 of 4 and 2 of 4; of grade 3 or worse, which rash does not record, 2 and 0.
"""

import pytest

from riskset.analyses.opened import Tally
from riskset.analyses.plan import plan
from riskset.errors import DataError
from riskset.stats.proportions import newcombe
from riskset.study.load import canonical_json, parse_study, study_from_json

STUDY = """\
schema = 1
[study]
id = "trial"
version = "1"
title = "Trial"
[sites]
north = { name = "North" }
south = { name = "South" }
[variables]
arm   = { type = "boolean" }
start = { type = "date", required = false }
h     = { type = "category", levels = ["0", "1", "2", "3", "4"], ordered = true }
r     = { type = "boolean" }
days  = { type = "number", range = [0, 5000], step = 1 }
dead  = { type = "boolean" }
[comparison]
arm = "arm"
reference = "false"
[time]
unit = "day"
grid = { width_days = 7, max_days = 700 }
[endpoints.os]
days = "days"
event = "dead"
[adverse_events]
grading = "CTCAE 5.0"
safety_population = "start"
[adverse_events.terms]
skin = { label = "Rash", from = "r" }
htn  = { label = "Hypertension", from = "h" }
[analyses]
safety = { kind = "adverse-events" }
"""
NORTH = [(1, 3, 0), (1, 1, 1), (1, 0, 1), (0, 0, 0), (0, 2, 0)]
SOUTH = [(1, 4, 0), (0, 0, 0), (0, 0, 1)]


def row(arm, h, r, start="2024-01-01"):
    return {"arm": str(arm), "h": str(h), "r": str(r), "start": start, "days": "10", "dead": "0"}


@pytest.fixture(scope="module")
def found(desk_at, tmp_path_factory):
    desk = desk_at(tmp_path_factory.mktemp("safety"))
    desk.writes_study(STUDY)
    desk.adds_site("north", [row(*of) for of in NORTH])
    desk.adds_site("south", [*(row(*of) for of in SOUTH), row(1, 4, 1, start="")])
    return desk.tries()["adverse-events/safety"]


def counts(grade):
    return [(arm["n"], arm["of"]) for arm in grade["arms"]]


def test_the_exposed_are_those_with_a_first_dose(found):
    assert [(one["level"], one["n"]) for one in found["exposed"]] == [("false", 4), ("true", 4), (None, 8)]
    assert found["excluded"][0]["n"] == 1


def test_terms_are_counted_at_each_grade_and_the_most_frequent_is_first(found):
    assert [term["term"] for term in found["terms"]] == ["htn", "skin"]
    htn, skin = found["terms"]
    assert [(one["grade"], counts(one)) for one in htn["grades"]] == [
        ("any", [(1, 4), (3, 4)]),
        (">=3", [(0, 4), (2, 4)]),
    ]
    assert [(one["grade"], counts(one)) for one in skin["grades"]] == [("any", [(1, 4), (2, 4)])]


def test_a_patient_counts_once_for_any_term(found):
    assert [(one["grade"], counts(one)) for one in found["any"]] == [
        ("any", [(2, 4), (4, 4)]),
        (">=3", [(0, 4), (2, 4)]),
    ]


def test_the_arms_are_compared(found):
    htn = found["terms"][0]["grades"][0]
    assert htn["difference"]["estimate"] == 0.5
    expected = newcombe(3, 4, 1, 4)
    assert htn["difference"]["lower"] == pytest.approx(expected.lower, rel=1e-12)
    # of the tables with four events in all, those with 0, 1, 3 and 4 treated are no likelier: 34 of 70
    assert htn["fisher"]["p"] == pytest.approx(34 / 70, rel=1e-12)
    assert htn["overall"]["percent"] == 50.0


def test_a_term_may_be_merged_from_several_variables(desk_at, tmp_path):
    desk = desk_at(tmp_path)
    text = STUDY.replace('skin = { label = "Rash", from = "r" }\n', "").replace('from = "h"', 'from = ["r", "h"]')
    desk.writes_study(text)
    desk.adds_site("north", [row(*of) for of in NORTH])
    desk.adds_site("south", [row(*of) for of in SOUTH])
    (either,) = desk.tries()["adverse-events/safety"]["terms"]
    assert [counts(one) for one in either["grades"]] == [[(2, 4), (4, 4)], [(0, 4), (2, 4)]]


def test_the_order_of_terms_in_the_file_changes_nothing():
    """A canonical study has its terms in the order of the alphabet; parties with one hash count alike."""
    study = parse_study(STUDY)
    again = study_from_json(canonical_json(study))
    assert list(study.adverse_events.terms) != list(again.adverse_events.terms)
    asked = [list(one.analyses["safety"].asked(one.adverse_events)) for one in (study, again)]
    assert asked[0] == asked[1] == ["htn", "skin"]
    assert plan(study).reported == plan(again).reported


def test_the_budget_counts_a_variable_once_however_many_grades_are_asked():
    """R5: what patients consist of does not grow with the grades of one event, nor with any event."""
    (asked,) = plan(parse_study(STUDY)).reported
    found = Tally().after(asked, asked.labels(None), 8, ())
    assert found.held == {"arm = true", "h", "r"}
    assert found.numbers == 2 * (1 + 5)


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        ('from = "h"', 'from = "age"', "[adverse_events] terms.htn.from.#1", "'age'"),
        ('"0", "1", "2", "3", "4"', '"none", "1", "2", "3", "4"', "[adverse_events] terms.htn.from.#1", "0 to 5"),
        (
            'kind = "adverse-events"',
            'kind = "adverse-events", terms = ["hypertension"]',
            "[analyses] safety.terms.#1",
            "term",
        ),
        ('kind = "adverse-events"', 'kind = "adverse-events", grades = ["3+"]', "[analyses] safety.grades", "any"),
        ('from = "h"', 'from = ["h", "r"]', "[adverse_events] terms", "two terms"),
        ('from = "h" }', 'from = "h", grade = "any" }', "[adverse_events] terms.htn.grade", "unknown key"),
        ('safety_population = "start"', 'safety_population = "dose"', "[adverse_events] safety_population", "'dose'"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(old, new, where, message):
    assert old in STUDY
    with pytest.raises(DataError) as error:
        parse_study(STUDY.replace(old, new))
    assert [problem.where for problem in error.value.problems] == [where]
    assert message in str(error.value.problems[0].message)


def test_an_analysis_needs_the_table():
    start, end = STUDY.index("[adverse_events]"), STUDY.index("[analyses]")
    with pytest.raises(DataError) as error:
        parse_study(STUDY[:start] + STUDY[end:])
    assert "[adverse_events]" in str(error.value.problems[0].message)
