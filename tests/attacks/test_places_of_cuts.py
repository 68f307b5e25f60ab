"""A score that is cut at two places with one combination of covariates between them. Everybody has the coefficients, so
how many patients are between them is how many have the combination: who knows all of a patient's covariates but one
reads that one. How many a set or a level has is told before the rules can judge that it is few."""

import numpy as np
import pytest
from tests.attacks.test_score_levels import COVARIATES, IN_TENTHS, SCORE, drawn, rows_of, scores
from tests.attacks.test_scores_of_few import cohort

from riskset.analyses.admission import openings
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal

SITES = dict.fromkeys(("asan", "kurume", "osaka"), 300)
N = sum(SITES.values())
KNOWN = ["ecog", "age"]
"""What somebody knows of a patient; whether there is microvascular invasion is asked."""


@pytest.fixture(scope="module")
def table():
    return drawn()


def run(patients, table, adjustment, **more):
    cox = {"kind": "cox", "endpoints": ["os"], "populations": ["cut"], "univariable": ["arm"]}
    asked = {
        "analyses": SCORE | {"cox": cox},
        "variables": IN_TENTHS,
        "propensity": {"covariates": COVARIATES, "site": "none", "adjustments": {"cut": adjustment}},
        "disclosure": {"min_sites": len(SITES)},
    }
    study, at = patients.study(tuple(SITES), **asked), np.repeat(list(SITES), list(SITES.values()))
    return Rehearsal(study, {name: cohort(study, name, table, at == name) for name in SITES}, **more).run()


@pytest.fixture(scope="module")
def thin(patients, table):
    """Returns two cuts around the score that a patient has without invasion, and around the score with it, each with
    how many patients are there: 1 where it is the patient's, and else 0."""
    fit = run(patients, table, {"method": "strata", "cuts": [0.5]}).results["propensity"]
    p = 1 / (1 + np.exp(-scores(fit, rows_of(table))))
    same = np.all([table[name][:, None] == table[name] for name in KNOWN], axis=0)
    victim = np.flatnonzero(same.sum(axis=1) == 1)[0]  # alone with what is known of the patient
    row = np.array([rows_of(table)[victim]] * 2)
    row[:, COVARIATES.index("mvi")] = [0.0, 1.0]
    found = []
    for answer, place in enumerate(1 / (1 + np.exp(-scores(fit, row)))):
        width = min(abs(p[abs(p - place) > 1e-9] - place)) / 2
        found.append(([float(place - width), float(place + width)], int(table["mvi"][victim] == answer)))
    return found


def adjustments(cuts):
    return {"method": "ate", "truncate": 10, "trim": cuts}, {"method": "strata", "cuts": cuts}


def told(outcome):
    """Returns how many patients all parties are told: of the trimmed set, or of the level."""
    figures = outcome.history.figures
    levels = [count.rows for of, count in figures.columns.items() if of.column and "stratum" in of.column.variable]
    return levels[1] if levels else figures.rows["os/cut"].rows


class TestOneCombination:
    def test_how_many_have_it_is_read_where_the_rule_is_off(self, patients, table, thin, monkeypatch):
        monkeypatch.setattr(openings, "_combined", lambda *_: iter(()))
        for cuts, n in thin:
            outcomes = [run(patients, table, adjustment) for adjustment in adjustments(cuts)]
            assert [told(outcome) for outcome in outcomes] == [n, n]
            ends = [outcome.results["cox/os/cut/univariable/arm"] for outcome in outcomes]
            assert all(isinstance(end, RefusedByRule) for end in ends)  # too late

    def test_it_is_refused_before_anything_is_counted(self, patients, table, thin):
        for adjustment in adjustments(thin[0][0]):
            outcome = run(patients, table, adjustment)
            found = outcome.results["cox/os/cut/univariable/arm"]
            assert isinstance(found, RefusedByRule)
            assert (found.limit_name, found.by) == ("R4.combined", "all")
            assert "os/cut" not in outcome.history.figures.rows
            assert has_result(outcome.results["propensity"])

    def test_it_is_counted_with_what_else_was_signed_for(self, patients, table, thin):
        signed = (ExceptionSigned("R4.combined", "1", "cuts of a paper that is cited"),)
        outcome = run(patients, table, adjustments(thin[0][0])[1], exceptions=signed)
        assert outcome.results["cox/os/cut/univariable/arm"].limit_name != "R4.combined"

    def test_cuts_at_twentieths_are_answered(self, patients, table):
        for adjustment in adjustments([0.35, 0.65]):
            assert has_result(run(patients, table, adjustment).results["cox/os/cut/univariable/arm"])
