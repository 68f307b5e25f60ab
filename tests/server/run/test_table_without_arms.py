"""Where a rule forbids only what a table says by arm, it says the same of all patients together."""

import json

import numpy as np
import pytest

from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of

SITES = ("asan", "busan", "chiba", "daegu")
KNOWN = (ExceptionSigned("R12.contributors", "2", "both know each other"),)
TABLE = {"table1": {"kind": "table1", "variables": ["age", "stage"]}}


def rehearsed(patients, printed, arm, sites=SITES, **more):
    """Returns the table of 240 patients, and the report's tables."""
    rows, at = patients.rows(11, 240), np.arange(240) % len(sites)
    rows.variables["arm"][:] = arm(rows, at)
    study = patients.study(sites, analyses=TABLE, **more)
    sets = [set_id.name for set_id in plan(study).sets]
    cohorts = {}
    for i, site in enumerate(sites):
        own = patients.choose(rows, at == i)
        of = PatientSet(own.variables, np.arange(own.n))
        cohorts[site] = Cohort(site, {"os": own} | dict.fromkeys(sets, of))
    results = results_of(study, Rehearsal(study, cohorts, exceptions=KNOWN).run(), sites)
    (found,) = json.loads(json.dumps(results_json(results)))["results"]
    return found, printed(results).tables("table1")


def each_arm_at_hospitals_of_its_own(rows, at):
    return (at >= 2).astype(float)


def one_rare_level(rows, at):
    """Of stage III all but three are in one arm."""
    arm = (np.arange(rows.n) // 4 % 2).astype(float)
    third = np.flatnonzero(rows.variables["stage"] == 2)
    arm[third] = 1.0
    arm[third[:3]] = 0.0
    return arm


@pytest.fixture(scope="module")
def whole(patients, printed):
    return rehearsed(patients, printed, each_arm_at_hospitals_of_its_own)


def test_nothing_is_by_arm_where_no_hospital_has_both(whole, patients, printed):
    found, _ = whole
    assert (found["status"], found["gate"], found["arms_reason"]["rule"]) == ("ok", "passed", "R12")
    assert [(of["level"], of["n"]) for of in found["n"]] == [("old", None), ("new", None), ("all", 240)]
    without, _ = rehearsed(patients, printed, each_arm_at_hospitals_of_its_own, comparison=None)
    for one, plain in zip(found["variables"], without["variables"], strict=True):
        assert one["arms"][-1] == plain["arms"][-1]
        assert [arm["n"] for arm in one["arms"]] == [None, None, 240]
        assert (one["smd"], one["tests"], one["arms_reason"]["rule"]) == ([], {}, "R12")
    age, stage = found["variables"]
    assert age["arms"][0]["mean"] is None
    assert age["arms"][0]["quartiles"]["reason"]["rule"] == "R12"
    assert [level["n"] for level in stage["arms"][1]["levels"]] == [None] * 3


def test_the_report_says_so(whole):
    _, (table,) = whole
    rows = {row.label: row.cells for row in table.rows}
    assert rows["Patients"] == ("–", "–", "240", "", "")
    assert rows["III"][:3] == ("–*", "–*", "81 (33.8)")
    assert rows["Mean (SD)"] == ("–*", "–*", "64.7 (14.3)", "–*", "–*")
    assert sum(note.startswith("* R12: arm = new, at sites that have patients") for note in table.notes) == 1


def test_of_two_hospitals_only_the_variable_with_a_small_cell_is_not_by_arm(patients, printed):
    found, (table,) = rehearsed(patients, printed, one_rare_level, SITES[:2])
    age, stage = found["variables"]
    assert "arms_reason" not in found
    assert "arms_reason" not in age
    assert [arm["n"] for arm in age["arms"]] == [arm["n"] for arm in found["n"]]
    assert age["tests"]["welch"]["p"] is not None
    assert (stage["arms_reason"]["rule"], stage["arms_reason"]["by"]) == ("R4", "a site")
    assert [[level["n"] for level in arm["levels"]] for arm in stage["arms"]] == [[None] * 3, [None] * 3, [82, 77, 81]]
    rows = {row.label: row.cells for row in table.rows}
    assert rows["III"] == ("–*", "–*", "81 (33.8)", "", "")
    assert any(note.startswith("* R4: at a site, too few patients of an arm") for note in table.notes)
    assert "–" not in rows["Mean (SD)"]


def test_what_is_asked_again_is_judged_again(patients, printed):
    """One of two hospitals has two patients of stage III: all patients together would tell the other that."""

    def few_in_all(rows, at):
        stage = rows.variables["stage"]
        third = np.flatnonzero((stage == 2) & (at == 0))
        stage[third[2:]] = 1.0
        return (np.arange(rows.n) // 4 % 2).astype(float)

    found, _ = rehearsed(patients, printed, few_in_all, SITES[:2])
    age, stage = found["variables"]
    assert age["tests"]["welch"]["p"] is not None
    assert (stage["reason"]["rule"], [arm["n"] for arm in stage["arms"]]) == ("R4", [None] * 3)
    assert "arms_reason" not in stage
