"""What a sum of terms of hospitals' own tables tells of the tables, and which tables may be crossed with what.

Three hospitals of 12, 17 and 22 patients compare arms within sites (Cochran-Mantel-Haenszel). Every party reads the
sums of their terms. Each term is a fraction of small whole numbers, so few tables of the three give these sums: one.
"""

import numpy as np
import pytest
from tests.attacks.rogue import Rogue, Sums, exposure

from riskset.analyses import plan as planning
from riskset.analyses.admission import features, judging, own_rows
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort, PatientSet, SetId
from riskset.analyses.design import Column
from riskset.disclosure.exposure import total
from riskset.errors import DataError
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal
from riskset.stats.mantel_haenszel import terms
from riskset.study.load import load_study

SMALL = {"gwangju": 22, "jeju": 17, "sapporo": 12}
LARGE = {"gwangju": 60, "jeju": 50, "sapporo": 44}
BY_SITE = "response/all/by-site"
VARIABLES = {
    "arm": {"type": "boolean"},
    "best": {"type": "category", "levels": ["CR", "PR", "SD", "PD"]},
    "days": {"type": "number", "range": [0, 5000]},
    "dead": {"type": "boolean"},
}
ENTRY = {"kind": "response", "of": ["best"], "orr": ["CR", "PR"]}
SET = "patients/all with arm and best"


def rows_of(sizes, share=0.35):
    random = np.random.default_rng(5)
    draw = {site: (np.arange(n) % 2, np.where(random.random(n) < share, 1, 3)) for site, n in sizes.items()}
    return {site: {"arm": arm.astype(float), "best": best.astype(float)} for site, (arm, best) in draw.items()}


def network(patients, rows, exceptions=(), **more):
    study = patients.study(
        rows,
        analyses={"best": ENTRY},
        variables=VARIABLES,
        comparison={"arm": "arm", "reference": "false"},
        **more,
    )
    cohorts = {site: Cohort(site, {SET: PatientSet(of, np.arange(len(of["arm"])))}) for site, of in rows.items()}
    return Rehearsal(study, cohorts, exceptions=exceptions)


def without_a_value(patients, here):
    """Returns the results of two tables by site, the second without the patients who lack a value: eight of an arm at
    two hospitals, and so many at the third."""
    rows = rows_of(LARGE, share=0.5)
    study = patients.study(
        rows,
        analyses={"best": ENTRY, "known": ENTRY | {"complete_in": ["afp"]}},
        variables=VARIABLES | {"afp": {"type": "number", "range": [0, 9], "required": False}},
        comparison={"arm": "arm", "reference": "false"},
    )
    cohorts = {}
    for (site, of), lacking in zip(rows.items(), (8, 8, here), strict=True):
        number = np.arange(len(of["arm"]))
        known = ~np.isin(number, np.flatnonzero(of["arm"] == 1)[:lacking])
        variables = {name: values[known] for name, values in of.items()} | {"afp": np.zeros(known.sum())}
        sets = {SET: PatientSet(of, number), f"{SET} and afp": PatientSet(variables, number[known])}
        cohorts[site] = Cohort(site, sets)
    return Rehearsal(study, cohorts).run().results


def table_of(rows):
    """Returns responders and patients of an arm, and of the reference."""
    arm, responds = rows["arm"] == 1, rows["best"] <= 1
    return tuple(int(x.sum()) for x in (responds & arm, arm, responds & ~arm, ~arm))


def told(run):
    """Returns what every party reads: the sums of terms in the first of two rounds, and the counts of all hospitals."""
    while run.coordinator._history is None or BY_SITE not in run.coordinator._history.states:
        run.step()
    while not (state := run.coordinator._history.states.get(BY_SITE)):
        run.step()
    (rate,) = run.run().results["response/all"].rates
    return np.array(state.total), np.array([x for arm in reversed(rate.arms) for x in (arm.n, arm.of)])


def candidates(n):
    """Returns every table of n patients, (tables, 4), and the terms of each."""
    tables = [(a, n1, b, n - n1) for n1 in range(n + 1) for a in range(n1 + 1) for b in range(n - n1 + 1)]
    return np.array(tables), np.array([terms(*map(float, table)) for table in tables])


def solved(sums, counts, sizes):
    """Returns the tables of three hospitals of which only the sizes are known, and that have these sums of terms and of
    counts: those of two by the sum of the first term, and of these the ones that agree in everything else."""
    (one, of_one), (other, of_other), (third, of_third) = map(candidates, sorted(sizes))
    pairs = (of_one[:, None, 0] + of_other[None, :, 0]).ravel()
    order = np.argsort(pairs)
    low, high = (np.searchsorted(pairs[order], sums[0] - of_third[:, 0] + off) for off in (-1e-12, 1e-12))
    found = []
    for table, of, first, last in zip(third, of_third, low, high, strict=True):
        i, j = np.divmod(order[first:last], len(other))
        agree = np.abs(of_one[i] + of_other[j] + of - sums).max(axis=1, initial=0.0) < 1e-9
        agree &= (one[i] + other[j] + table == counts).all(axis=1)
        found += [
            tuple(np.stack([one[a], other[b], table]).ravel().tolist()) for a, b in zip(i[agree], j[agree], strict=True)
        ]
    return found


class TestTwoSetsOfOneHospital:
    """Of a hospital's own two tables, where they differ in one patient, the difference is whether that one responded.
    The counts of all hospitals hide it."""

    IDS = ("response/all", BY_SITE, "response/all/known", f"{BY_SITE}/known")

    def test_are_both_told_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(own_rows, "own_sets_of_arms", lambda *_: iter(()))
        assert all(has_result(without_a_value(patients, 1)[id_]) for id_ in self.IDS)

    def test_the_second_is_refused_and_its_rates_are_made(self, patients):
        results = without_a_value(patients, 1)
        assert [has_result(results[id_]) for id_ in self.IDS] == [True, True, True, False]
        assert (results[self.IDS[3]].rule, results[self.IDS[3]].by) == ("R2", "a site")

    @pytest.mark.exhaustive
    def test_both_are_told_where_enough_lack_it(self, patients):
        assert all(has_result(without_a_value(patients, 8)[id_]) for id_ in self.IDS)


class TestTwoEntriesOfOneVariable:
    """One entry counts CR and PR, another one these and SD, which few patients of all have: the difference of the two
    is a table of SD, by arm."""

    def run(self, patients, stable):
        rows = rows_of(LARGE, share=0.5)
        of = rows["gwangju"]
        who = np.flatnonzero(of["best"] == 3)[:stable]
        of["best"][who] = 2
        study = patients.study(
            rows,
            analyses={"best": ENTRY, "wide": ENTRY | {"orr": ["CR", "PR", "SD"]}},
            variables=VARIABLES,
            comparison={"arm": "arm", "reference": "false"},
        )
        cohorts = {site: Cohort(site, {SET: PatientSet(of, np.arange(len(of["arm"])))}) for site, of in rows.items()}
        return Rehearsal(study, cohorts).run().results, of["arm"][who]

    def test_tell_the_arm_of_one_patient_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(judging, "nested", lambda live: iter(()))
        results, (arm,) = self.run(patients, 1)
        few, more = (results[id_].rates[0] for id_ in ("response/all", "response/all/wide"))
        assert [b.n - a.n for a, b in zip(few.arms, more.arms, strict=True)] == [1 - arm, arm]

    def test_are_refused_and_one_of_many_patients_is_answered(self, patients):
        refused = self.run(patients, 1)[0]["response/all/wide"]
        assert (refused.rule, refused.by) == ("R4", "all")
        assert has_result(self.run(patients, 12)[0]["response/all/wide"])


class TestASumOfTerms:
    def test_tells_the_table_of_each_hospital_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(own_rows, "own_tables", lambda *_: iter(()))
        rows = rows_of(SMALL)
        sums, counts = told(network(patients, rows))
        truth = [table_of(rows[site]) for site in sorted(SMALL, key=SMALL.get)]
        assert min(min(table) for table in truth) < 5
        assert solved(sums, counts, SMALL.values()) == [tuple(x for table in truth for x in table)]

    def test_is_refused_where_a_hospital_has_a_small_cell_and_the_rates_are_not(self, patients):
        results = network(patients, rows_of(SMALL)).run().results
        assert has_result(results["response/all"])
        refusal = results[BY_SITE]
        assert isinstance(refusal, RefusedByRule)
        assert (refusal.rule, refusal.by) == ("R4", "a site")
        assert "R4.cell" in str(refusal.remedy)

    def test_is_answered_where_no_cell_is_small(self, patients):
        rows = rows_of(LARGE, share=0.5)
        assert min(a for of in rows.values() for a in table_of(of)) >= 5
        assert has_result(network(patients, rows).run().results[BY_SITE])

    def test_is_answered_where_each_hospital_signed_that_its_table_may_be_known(self, patients):
        signed = (ExceptionSigned("R4.cell", "1", "our table may be known"),)
        assert has_result(network(patients, rows_of(SMALL), signed).run().results[BY_SITE])


def arms_of(results):
    (rate,) = results["response/all"].rates
    return rate.arms


class TestTwoHospitals:
    """Each reads the other's table by subtracting its own."""

    def run(self, patients, rows, exceptions=()):
        signed = (ExceptionSigned("R12.contributors", "2", "we are two"), *exceptions)
        return network(patients, rows, signed, disclosure={"min_sites": 2}).run().results

    def test_a_table_with_a_small_cell_is_not_told_by_arm_and_a_large_one_is(self, patients, monkeypatch):
        small = {"gwangju": 40, "jeju": 60}
        rows = rows_of(small, share=0.15)
        cell = min(table_of(rows["gwangju"])[::2])
        assert 0 < cell < 5
        assert arms_of(self.run(patients, rows)) == ()
        assert len(arms_of(self.run(patients, rows_of(small, share=0.5)))) == 2
        monkeypatch.setattr(own_rows, "own_tables", lambda *_: iter(()))
        reference, arm = arms_of(self.run(patients, rows))
        others = np.array([arm.n, reference.n]) - table_of(rows["jeju"])[::2]
        assert cell in others

    @pytest.mark.exhaustive
    def test_no_exception_lets_it_through(self, patients):
        rows = rows_of({"gwangju": 40, "jeju": 60}, share=0.15)
        assert arms_of(self.run(patients, rows, [ExceptionSigned("R4.cell", "1", "we do not mind")])) == ()


ONE = 7
"""The patient at `gwangju` who is in one column and not in the other."""


class TestColumnsThatDifferInOnePatient:
    """A column that the study computes can be another one and one patient more: `mvi or age = 47 ...`."""

    def run(self, patients, monkeypatch, *, is_derived):
        rows = rows_of(LARGE, share=0.5)
        for site, of in rows.items():
            of["odd"] = (of["best"] <= 1).astype(float)
            if site == "gwangju":
                of["odd"][ONE] = 1.0 - of["odd"][ONE]
        ones = [
            Column(name, "true", "false", 1, merged=((name, codes),), is_derived=is_derived)
            for name, codes in (("best", (0, 1)), ("odd", (1,)))
        ]
        arm = Column("arm", "true", "false", 1)
        asked = Rogue(
            id="km/os/all",
            name="rogue",
            set_id=SetId(None, "all", ("arm", "best")),
            opens=exposure(tables=(arm, *ones)),
            sends=tuple(total(f"{one.variable} in an arm", one, arm) for one in ones),
            computes=lambda of, _: [float(one.values(of) @ arm.values(of)) for one in ones],
        )
        run = network(patients, rows)
        monkeypatch.setattr(planning, "PLANNERS", {"response": lambda *_: iter([asked])})
        planning.planned.cache_clear()  # the same study was planned with the other planners
        for site in run.cohorts:
            run.start_site(site)
        run.start_coordinator()
        return run.run().results["km/os/all"], rows["gwangju"]["arm"][ONE]

    def test_tell_the_patients_arm_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(features.Users, "are_crossed", lambda _, feature: feature.column is None)
        found, arm = self.run(patients, monkeypatch, is_derived=True)
        assert isinstance(found, Sums)
        assert abs(found.values[0] - found.values[1]) == arm

    def test_are_refused_where_the_study_computes_them(self, patients, monkeypatch):
        found, _ = self.run(patients, monkeypatch, is_derived=True)
        assert (found.rule, found.by) == ("R2", "a site")

    def test_are_answered_where_each_is_a_column_of_the_export(self, patients, monkeypatch):
        found, _ = self.run(patients, monkeypatch, is_derived=False)
        assert isinstance(found, Sums)


def test_a_response_is_read_from_the_export(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text(
        """\
schema = 1
[study]
id = "trial"
version = "1"
title = "Trial"
[sites]
asan = { name = "Asan" }
[variables]
age  = { type = "number", range = [0, 100] }
old  = { type = "boolean", rule = "age >= 65" }
days = { type = "number", range = [0, 5000], step = 1 }
dead = { type = "boolean" }
[time]
unit = "day"
grid = { width_days = 7, max_days = 700 }
[endpoints.os]
days = "days"
event = "dead"
[analyses]
best = { kind = "response", of = ["old"], orr = ["true"] }
""",
        encoding="utf-8",
    )
    with pytest.raises(DataError) as error:
        load_study(file)
    assert [problem.where for problem in error.value.problems] == ["[analyses] best.of.#1"]
    assert "derived" in str(error.value.problems[0].message)


SAFETY = {
    "grading": "CTCAE 5.0",
    "safety_population": "arm",
    "terms": {"pain": {"from": ["pain"]}, "itch": {"from": ["itch"]}},
}
GRADES = {"type": "category", "levels": ["0", "1", "2", "3"]}


class TestAdverseEvents:
    """Any term is pain or itch, and one patient of all has itch and no pain."""

    def run(self, patients, sizes=LARGE, share=0.5, alone=1, terms=("pain",)):
        random, of = np.random.default_rng(4), {}
        for site, n in sizes.items():
            pain = (random.random(n) < share).astype(float)
            of[site] = {"arm": np.arange(n) % 2.0, "pain": pain, "itch": np.zeros(n)}
        rows = of["gwangju"]
        itch = np.flatnonzero(rows["pain"] == 0)[:alone]
        rows["itch"][itch] = 1.0
        study = patients.study(
            of,
            analyses={"safety": {"kind": "adverse-events", "grades": ["any"], "terms": list(terms)}},
            variables=VARIABLES | {"pain": GRADES, "itch": GRADES},
            comparison={"arm": "arm", "reference": "false"},
            adverse_events=SAFETY,
            disclosure={"min_sites": 2},
        )
        (name,) = [set_id.name for set_id in planning.plan(study).sets]
        cohorts = {s: Cohort(s, {name: PatientSet(own, np.arange(len(own["arm"])))}) for s, own in of.items()}
        signed = (ExceptionSigned("R12.contributors", "2", "we are two"),) if len(of) == 2 else ()
        found = Rehearsal(study, cohorts, exceptions=signed).run().results["adverse-events/safety"]
        return found, rows["arm"][itch]

    def test_the_difference_of_two_rows_tells_the_patients_arm_where_the_rule_is_off(self, patients, monkeypatch):
        monkeypatch.setattr(judging, "nested", lambda live: iter(()))
        found, (arm,) = self.run(patients)
        ((pain,),) = found.terms.values()
        more = [a.n - b.n for a, b in zip(found.any[0].found.arms, pain.found.arms, strict=True)]
        assert more == [1 - arm, arm]

    def test_it_is_refused_and_one_of_many_patients_answered(self, patients):
        found, _ = self.run(patients)
        assert (found.rule, found.by) == ("R4", "all")
        assert "any term = any grade without pain = any grade" in found.message
        assert has_result(self.run(patients, alone=12)[0])

    @pytest.mark.exhaustive
    def test_a_rare_term_is_refused_and_a_common_one_answered(self, patients):
        found, _ = self.run(patients, alone=12, terms=("itch", "pain"))
        assert (found.rule, "itch" in found.message) == ("R12", True)
        assert has_result(self.run(patients, alone=0)[0])

    def test_a_small_cell_of_one_of_two_hospitals_is_not_told_by_arm_and_large_ones_are(self, patients):
        two = {"gwangju": 40, "jeju": 60}
        assert self.run(patients, two, share=0.25, alone=0)[0].exposed.arms == ()
        assert len(self.run(patients, two, alone=0)[0].exposed.arms) == 2
