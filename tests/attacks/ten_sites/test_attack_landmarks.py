"""Two landmarks with one patient between them: what one set of patients tells less what the other does is the patient's
row. With the rule off, it is read; with it on, the second model is refused; one landmark beside all patients is
answered."""

from dataclasses import replace

import numpy as np

from riskset.analyses.admission import own_rows
from riskset.analyses.analysis import RefusedByRule, has_result
from riskset.analyses.cohort import Cohort

FOUR = ("seoul", "busan", "daegu", "tokyo")
FIRST, SECOND = 91, 100
"""Days of landmarks at 3 and 3.3 months."""


def models(*landmarks, columns=("arm", "age")):
    """Returns a Cox model at each landmark, in months; None for all patients."""
    asked = {"kind": "cox", "endpoints": ["os"], "multivariable": list(columns)}
    return {f"m{i}": asked | ({} if at is None else {"landmark": at}) for i, at in enumerate(landmarks)}


def later(rows, day):
    chosen = rows.days > day
    variables = {name: values[chosen] for name, values in rows.variables.items()}
    return replace(
        rows,
        days=rows.days[chosen] - day,
        event=rows.event[chosen],
        variables=variables,
        patient=rows.patients[chosen],
    )


def followed(network, table, landmarks, *days, **more):
    """Returns the network, whose sites have the sets of these landmarks too."""
    found = network(table, models(*landmarks, **more))
    for site, cohort in list(found.cohorts.items()):
        rows = cohort.outcomes("os")
        after = {f"os after day {day}": later(rows, day) for day in days}
        found.cohorts[site] = Cohort(site, {"os": rows, **after})
        found.rows[site] = found.marks(site)
        found.start_site(site)
    return found


def a_patient_between(patients):
    """Returns a table in which only the victim leaves between the landmarks, and the victim."""
    table = patients(*FOUR)
    victim = int(np.flatnonzero(table["site"] == "busan")[7])
    table["days"][(table["days"] > FIRST) & (table["days"] <= SECOND)] = SECOND + 1
    table["days"][victim] = FIRST + 2
    return table, victim


def test_the_difference_of_two_landmarks_is_a_patient(network, patients, rules):
    table, victim = a_patient_between(patients)
    asked = (3, 3.3)
    rules.off("R2")
    counts = followed(network, table, asked, FIRST, SECOND).until("admission/pairs").told("admission/counts")

    def told(day):
        return counts[f"patients with arm = true (os after day {day})"], counts[f"events of os after day {day}"]

    differences = [before - after for before, after in zip(told(FIRST), told(SECOND), strict=True)]
    assert differences == [table["arm"][victim], table["dead"][victim]]
    rules.on()
    gated = followed(network, table, asked, FIRST, SECOND)
    result = gated.until("admission/counts").history().results["cox/os/all/multivariable/m1"]
    assert isinstance(result, RefusedByRule)
    assert result.rule == "R2"


def test_one_landmark_beside_all_patients_passes(network, patients):
    evaluated = followed(network, patients(*FOUR), (None, 3), FIRST).until("later").history()
    assert set(evaluated.states) == {"cox/os/all/multivariable", "cox/os/all/multivariable/m1"}


YES_NO = ("ecog", "mvi", "male", "viral")
IDS = ("cox/os/all/multivariable", "cox/os/all/multivariable/m1")


def deaths_between(patients, n):
    """Returns a table in which sixty patients leave between the landmarks, of whom so many of one hospital die."""
    table = patients(*FOUR)
    table["days"][(table["days"] > FIRST) & (table["days"] <= SECOND)] = SECOND + 1
    later, here = table["days"] > SECOND, table["site"] == "busan"
    dying = np.flatnonzero(later & here & (table["dead"] == 1))[:n]
    leaving = np.setdiff1d(np.random.default_rng(5).choice(np.flatnonzero(later), 60, replace=False), dying)
    table["days"][leaving], table["dead"][leaving] = FIRST + 1 + leaving % 8, 0
    table["days"][dying] = FIRST + 2
    return table, dying


def asked_twice(network, table):
    return followed(network, table, (3, 3.3), FIRST, SECOND, columns=YES_NO)


def test_the_only_death_between_two_landmarks_is_a_patient(network, patients, monkeypatch):
    """After the second landmark both models have the same risk sets: their scores at 0 differ by that of the death."""
    table, (victim,) = deaths_between(patients, 1)
    monkeypatch.setattr(own_rows, "own_sums", lambda *_: iter(()))
    bare = asked_twice(network, table)
    spreads = bare.run().results
    told = []
    for id_, day in zip(IDS, (FIRST, SECOND), strict=True):
        first = next(one.numbers[id_] for one in bare.reads() if id_ in one.numbers)
        sd = {column.variable: of.sd for column, of in spreads[f"moments/os after day {day}"].columns.items()}
        told.append([first[f"slope in {name} = true"] * sd[name] for name in YES_NO])
    assert [a > b for a, b in zip(*told, strict=True)] == [table[name][victim] == 1 for name in YES_NO]
    monkeypatch.undo()
    results = asked_twice(network, table).run().results
    assert has_result(results[IDS[0]])
    assert (results[IDS[1]].rule, results[IDS[1]].by) == ("R2", "a site")


def test_enough_deaths_between_them_pass(network, patients):
    results = asked_twice(network, deaths_between(patients, 5)[0]).run().results
    assert all(has_result(results[id_]) for id_ in IDS)
