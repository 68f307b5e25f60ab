"""Tables of the same variables over four sets, each two of which differ in many patients: all, less those with one
value, less those with another, plus those with both, are the patients who have neither."""

import numpy as np
import pytest

from riskset.analyses.admission import own_rows
from riskset.analyses.analysis import has_result
from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal

SITES = ("asan", "kurume", "osaka")
N = 180
TOLD = ("ecog", "male", "viral")
LACKED = ("hbv", "hcv")
SETS = {"every": (), "of_b": LACKED[:1], "of_c": LACKED[1:], "of_both": LACKED}
VARIABLES = {
    **{name: {"type": "boolean", "required": name not in LACKED} for name in ("arm", "dead", *TOLD, *LACKED)},
    "days": {"type": "number", "range": [0, 5000]},
}


def draw():
    random = np.random.default_rng(4)
    return {name: random.integers(0, 2, N).astype(float) for name in ("arm", *TOLD, *LACKED)}


def run(patients, without_hbv, without_hcv):
    """Returns the results of four tables, of which the later ones are of patients with further values."""
    entry = {"kind": "table1", "missing": "complete", "tests": False}
    asked = {name: entry | {"variables": [*TOLD, *more]} for name, more in SETS.items()}
    comparison = {"arm": "arm", "reference": "false"}
    study = patients.study(SITES, analyses=asked, variables=VARIABLES, comparison=comparison)
    lacking, table = {"hbv": without_hbv, "hcv": without_hcv}, draw()

    def rows(site, names):
        here = np.arange(N) % len(SITES) == site
        for name in names:
            here[list(lacking.get(name, ()))] = False
        return PatientSet({name: table[name][here] for name in names}, np.arange(N)[here])

    sets = plan(study).sets
    cohorts = {site: Cohort(site, {s.name: rows(i, s.complete_in) for s in sets}) for i, site in enumerate(SITES)}
    return Rehearsal(study, cohorts).run().results


def of(results, variable, entry):
    return results[f"table1/all/{variable}" if entry == "every" else f"table1/all/{variable}/{entry}"]


class TestWhoLacksBoth:
    """Twelve patients of three hospitals lack the one value, twelve the other, and one of them both."""

    who = 11
    lacking = (range(who + 1), range(who, who + 12))

    def test_is_read_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(own_rows, "own_sets", lambda *_: iter(()))
        results, table = run(patients, *self.lacking), draw()
        for variable in TOLD:
            every, of_b, of_c, both = (np.array(of(results, variable, entry).by_arm) for entry in SETS)
            ((arm, level),) = np.argwhere(every - of_b - of_c + both)
            assert (arm, level) == (table["arm"][self.who], table[variable][self.who])

    def test_is_refused_and_three_tables_are_made(self, patients):
        results = run(patients, *self.lacking)
        for variable in TOLD:
            assert all(has_result(of(results, variable, entry)) for entry in list(SETS)[:3])
            refused = of(results, variable, "of_both")
            assert (refused.rule, refused.by) == ("R2", "a site")
        assert has_result(results["table1/all/hbv/of_both"])

    @pytest.mark.exhaustive
    def test_six_who_lack_both_are_answered(self, patients):
        assert all(map(has_result, run(patients, range(12), range(6, 18)).values()))
