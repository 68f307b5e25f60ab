"""What an attacker read from one release or two, and reads no more: each with the nearest that is published."""

from dataclasses import replace

import numpy as np
import pytest
from tests.conftest import COX, deal, in_turn, make_rows, make_study
from tests.release.conftest import RECORDED
from tests.report.whole_study import SITES
from tests.test_kinds import EXAMPLES, with_sets

from riskset.analyses.cohort import Cohort, chosen
from riskset.analyses.excluded import INCOMPLETE, MISSING, NO_FOLLOW_UP, reasons_of
from riskset.analyses.plan import plan
from riskset.rehearsal import Rehearsal
from riskset.results import results_of
from riskset_release.gate.earlier import Earlier, changed_by_few
from riskset_release.gate.gated import FEW, FOLLOWS, gated
from riskset_release.gate.links import counted_of
from riskset_release.gated_outputs import outputs_of
from riskset_report.cells import cells_of

K = 5
TABLE = {"t1": EXAMPLES["table1"]}


def survival(*endpoints):
    return {"survival": {"kind": "km", "endpoints": list(endpoints), "landmarks": [12]}}


def results(rows, analyses, endpoints=("os",), left_out=None):
    """The results of a study of these rows. `left_out(sets, excluded)` changes the cohort of the first hospital."""
    study = make_study(
        SITES, analyses=analyses, endpoints={name: {"days": "days", "event": "dead"} for name in endpoints}
    )
    cohorts, reasons = {}, reasons_of(study, [*plan(study).sets])
    nobody = {reason.key: 0 for reason in reasons}
    for site, cohort in deal(rows, in_turn(SITES, len(rows.days))).items():
        own = with_sets(cohort, study)
        of_endpoints = {of.name: cohort.analysis_sets["os"] for of in plan(study).sets if of.endpoint is not None}
        sets, excluded = of_endpoints | dict(own.analysis_sets), dict(nobody)
        if left_out and not cohorts:
            left_out(sets, excluded)
        cohorts[site] = Cohort(site, sets, excluded, tuple(range(len(cohort.analysis_sets["os"].days))))
    outcome = Rehearsal(study, cohorts, is_gated=False).run()
    return results_of(study, outcome, SITES, [], is_gated=False)


def without_first(sets, names, n):
    for name in names:
        keep = np.ones(sets[name].n, bool)
        keep[np.flatnonzero(sets[name].variables["arm"] == 1)[:n]] = False
        sets[name] = chosen(sets[name], keep)


def released(gate):
    shown = [cell for cell in gate.cells if cell.id not in gate.held_back]
    counts = frozenset(c.id for c in shown if c.id in gate.counted.cells or c.id in gate.counted.tells)
    exact = replace(gate.exact, run="0a")
    of = frozenset(cell.place.result for cell in shown)
    return Earlier("0a", "2026-03-01T09:00:00.000+00:00", "0" * 64, exact, counts, of)


def texts_of(gate):
    files = {path: data for one in outputs_of(gate, RECORDED) for path, data in one.files.items()}
    return "\n".join(data.decode() for path, data in files.items() if path.endswith((".csv", ".md")))


@pytest.mark.parametrize(("lost", "told"), [(2, False), (0, True)])
def test_no_sentence_says_that_all_are_analysed_where_that_is_held_back(lost, told):
    """One curve of all 84 and one without two of them: the second number would tell the two."""

    def left_out(sets, excluded):
        without_first(sets, [name for name in sets if name.startswith("death")], lost)
        excluded[NO_FOLLOW_UP, "death"] = lost

    gate = gated(results(make_rows(7, 84), survival("os", "death"), ("os", "death"), left_out))
    assert ("All 84 eligible patients are analysed" in texts_of(gate)) == told


@pytest.mark.parametrize(("events", "held"), [(2, True), (6, False)])
def test_those_without_a_value_have_events_which_two_models_tell(events, held):
    """Twelve lack a stage, of whom two had the event: the models with and without it have two events between them."""
    analyses = {
        "cox": {**COX, "missing": "by_model"},
        "cox2": {**COX, "multivariable": ["arm", "age"], "missing": "by_model"},
    }

    def left_out(sets, excluded):
        own = sets["os with arm and age"]
        gone = [*np.flatnonzero(own.event)[:events], *np.flatnonzero(~own.event.astype(bool))[: 12 - events]]
        keep = np.ones(own.n, bool)
        keep[gone] = False
        for name in [name for name in sets if "stage" in name]:
            sets[name] = chosen(sets[name], keep)
            excluded[INCOMPLETE, name] = 12
        excluded[MISSING, "stage"] = 12

    found = results(make_rows(7, 160), analyses, left_out=left_out)
    system = counted_of(found).system
    both = [
        name for name in system.values if name.startswith("events (os)") and "not in os with arm and age and" in name
    ]
    assert [system.values[name] for name in both if "with arm=" not in name][:1] == [events]
    assert any(name.startswith("events") for name in gated(found).pattern.held_back) == held


@pytest.mark.parametrize("n", [30, 36, 90])
def test_published_counts_are_those_of_the_run_also_where_no_curve_is(n):
    found = results(make_rows(7, n), survival("os"))
    gate, exact = gated(found), cells_of(found)
    shown = [id_ for id_ in gate.counted.cells if id_ not in gate.held_back]
    assert shown
    assert all(gate.cells[id_].value == exact[id_].value for id_ in shown)


def test_a_quartile_after_the_end_of_the_published_curve_is_not_said_to_be_not_reached():
    gate = gated(results(make_rows(11, 90), survival("os")))
    exact = cells_of(gate.exact)
    quartiles = [c for c in gate.cells if "quartiles" in c.place.quantity and c.place.quantity.endswith("estimate")]
    later = [c.id for c in quartiles if exact[c.id].value is not None and not isinstance(c.value, int | float)]
    assert later
    assert {gate.held_back[id_] for id_ in later} == {FEW}
    assert any(isinstance(cell.value, int | float) for cell in quartiles)


class TestTwoReleases:
    def test_one_day_that_was_corrected_holds_back_all_that_rests_on_it(self):
        rows, analyses = make_rows(7, 140), survival("os") | {"m": EXAMPLES["rmst"], "c": COX}
        days = rows.days.copy()
        days[10] += 600
        before, after = results(rows, analyses), results(replace(rows, days=days), analyses)
        earlier = released(gated(before))
        assert changed_by_few(after, [earlier], K) == {entry.id for entry in after.entries}
        assert changed_by_few(before, [earlier], K) == frozenset()

    def test_one_value_that_was_corrected_holds_back_its_mean(self):
        rows = make_rows(7, 70)
        age = rows.variables["age"].copy()
        age[3] = 105
        corrected = replace(rows, variables=dict(rows.variables) | {"age": age})
        earlier = released(gated(results(rows, TABLE)))
        assert changed_by_few(results(corrected, TABLE), [earlier], K) == {"table1/all"}

    def test_a_renamed_endpoint_is_the_same_one(self):
        rows = make_rows(7, 140)
        days = rows.days.copy()
        days[10] += 600
        earlier = released(gated(results(rows, survival("os"))))
        renamed = results(replace(rows, days=days), survival("death"), ("death",))
        assert changed_by_few(renamed, [earlier], K) == {"km/death/all"}
        assert changed_by_few(results(rows, survival("death"), ("death",)), [earlier], K) == frozenset()

    def test_numbers_at_risk_do_not_tell_how_many_an_arm_has_where_that_is_held_back(self):
        first = gated(results(make_rows(7, 82), survival("os") | TABLE))
        now = results(make_rows(7, 84), survival("os", "death") | TABLE, ("os", "death"))
        gate = gated(now, [released(first)])
        sizes = [c for c in gate.cells if c.place.quantity in ("arms.n", "arms[0].n", "arms[1].n")]
        held = {(c.place.result, c.place.level) for c in sizes if c.id in gate.held_back}
        at_risk = [c for c in gate.cells if c.place.quantity.endswith("curve.at_risk") and c.place.level]
        of_held = [c for c in at_risk if (c.place.result, c.place.level) in held]
        assert {gate.held_back[c.id] for c in of_held} <= {FOLLOWS, "changed"}
        assert all(c.id in gate.held_back for c in of_held)
