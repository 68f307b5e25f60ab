"""A site's numbers follow from its rows again, also where some were told in clear; and other rows give others."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.admission.causes import OWN_CAUSES, cause_of, causes_under
from riskset.analyses.cohort import Cohort
from riskset.catalogue import NOTHING, say
from riskset.disclosure.finding import Finding
from riskset.errors import DataError, Refused
from riskset.protocol.journal import ALONE, RowMarks
from riskset.protocol.recomputing import recompute
from riskset.protocol.remembered import Holding
from riskset.rehearsal import Rehearsal

SITES = ("asan", "busan", "chiba", "daegu", "ehime", "fukui")
TOLD = ("asan", "busan", "chiba")
ASKED = {
    "sites": {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"], "leave_one_out": True},
    "cox": {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "stage"]},
}


@pytest.fixture(scope="module")
def run(patients):
    """Six hospitals of sixty patients, of which three tell their own hazard ratios."""
    rows = patients.rows(11, 360)
    rehearsal = Rehearsal(
        patients.study(SITES, analyses=ASKED), patients.deal(rows, patients.sites(SITES, 360)), told_alone=TOLD
    )
    rehearsal.run()
    return rehearsal


def again(run, site, cohort=None, **more):
    holding = Holding(cohort or run.cohorts[site], run.rows[site])
    files = {"study": run.study, "roster": run.roster, "holding": holding} | more
    return recompute(site, **files, journal=run.journals[site], run=run.run_id)


@pytest.mark.parametrize("site", SITES)
def test_every_number_follows_to_the_bit(run, site):
    sent = run.journals[site].sent_in(run.run_id)
    found = again(run, site)
    assert any(id_ == ALONE for one in sent for id_, _, _ in one.numbers) == (site in TOLD)
    numbers = [sum(len(values) for _, _, values in one.numbers) for one in sent]
    assert [one.numbers for one in found.rounds] == [one.same for one in found.rounds] == numbers
    assert [one.sent for one in found.rounds] == [one.masked for one in found.rounds]
    assert sum(numbers) > 100


def test_one_patient_of_another_age_is_enough(run):
    """Of rows that have the mark of the true ones: what the site says of its data is not what is checked."""
    rows = run.cohorts["daegu"].analysis_sets["os"]
    age = rows.variables["age"].copy()
    age[7] += 1
    other = Cohort("daegu", {"os": replace(rows, variables={**rows.variables, "age": age})})
    found = again(run, "daegu", other)
    differ = [one for one in found.rounds if one.same != one.numbers]
    assert differ
    assert max(one.largest for one in differ) > 1e-9
    assert all(one.at != ("", "") for one in differ)
    assert [one.sent for one in found.rounds] == [one.masked for one in found.rounds]  # the ledger is as it was


def test_the_last_bit_of_one_number_is_noticed(run):
    journal = run.journals["daegu"]
    kept = journal.sent[run.run_id]
    (id_, labels, (first, *values)), *others = kept[0].numbers
    changed = replace(kept[0], numbers=((id_, labels, (float(np.nextafter(first, np.inf)), *values)), *others))
    journal.sent[run.run_id] = [changed, *kept[1:]]
    try:
        found = again(run, "daegu")
    finally:
        journal.sent[run.run_id] = kept
    of_first = found.rounds[0]
    assert (of_first.numbers - of_first.same, of_first.at) == (1, (id_, labels[0]))
    assert 0 < of_first.largest < 1e-15


def test_other_data_another_study_or_roster_or_run_are_refused_by_name(run, patients):
    other = patients.study(SITES, analyses={"cox": ASKED["cox"]})
    for changed, says in [
        ({"study": other}, "it was of another study"),
        ({"roster": replace(run.roster, sha256="0" * 64)}, "it had another roster"),
        ({"holding": Holding(run.cohorts["asan"], RowMarks("x", {}))}, "the data have changed"),
    ]:
        with pytest.raises(Refused, match=says):
            again(run, "asan", **changed)
    with pytest.raises(DataError, match="is not in this site's journal"):
        recompute(
            "asan", run.study, run.roster, Holding(run.cohorts["asan"], run.rows["asan"]), run.journals["asan"], "x"
        )


LIMITS = sorted({cause for causes in OWN_CAUSES.values() for cause in causes} | {"R2.apart_sites", "R4", "R7", "R8"})
FINDINGS = [
    *((limit, "") for limit in LIMITS),
    ("R2.apart_rows", say("rules.subject.two_outcomes", a="x", b="y")),
    ("R14.changed_rows", say("rules.subject.untold_in_run", run="r")),
    ("R14.entered_rows", say("rules.subject.not_compared", name="x")),
]


@pytest.mark.parametrize("phase", OWN_CAUSES)
def test_the_causes_of_a_recorded_verdict_include_the_one_that_its_flag_shows(phase):
    checked = 0
    for limit, subject in FINDINGS:
        rule = limit.partition(".")[0]
        cause = cause_of(phase, Finding(rule, limit, subject, "fail", 1, 0, -1, lambda: NOTHING, NOTHING))
        if cause in OWN_CAUSES[phase]:
            assert cause in causes_under(phase, rule, limit)
            checked += 1
    assert checked >= len(OWN_CAUSES[phase]) - 3
