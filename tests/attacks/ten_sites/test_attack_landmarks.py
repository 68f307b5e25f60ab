"""Two landmarks with one patient between them: what one set of patients tells less what the other does is the patient's
row. With the rule off, it is read; with it on, the second model is refused; one landmark beside all patients is
answered."""

from dataclasses import replace

import numpy as np

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort

FOUR = ("seoul", "busan", "daegu", "tokyo")
FIRST, SECOND = 91, 100
"""Days of landmarks at 3 and 3.3 months."""


def models(*landmarks):
    """Returns a Cox model at each landmark, in months; None for all patients."""
    asked = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age"]}
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


def followed(network, table, landmarks, *days):
    """Returns the network, whose sites have the sets of these landmarks too."""
    found = network(table, models(*landmarks))
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
