"""What a site keeps of derived populations, for the rules that judge later runs beside the present one (R9, R14).

Who is matched, or has which weight, is known only when a result is there, long after a run began. So what later runs
need of it is kept when the members are fixed, before any number about them leaves. None of it leaves the site.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from riskset.analyses.analysis import Analysis
from riskset.analyses.cohort import ALL, Cohort
from riskset.analyses.weights import weights_of
from riskset.disclosure.curves import read_curve
from riskset.protocol.journal import Begun, Journal, RowMarks
from riskset.protocol.kept import KeptSet, read_outcome
from riskset.protocol.opened_curves import curves_to_keep
from riskset.protocol.recognised import marked_patients
from riskset.protocol.told_outcomes import outcomes_to_keep
from riskset.strict_json import read_json


def derived_sets(rows: RowMarks, analyses: Iterable[Analysis]) -> tuple[str, ...]:
    """Returns the analysis sets of derived populations, by name; none without marks."""
    names = {a.analysis_set for a in analyses if a.population != ALL}
    return tuple(sorted(names)) if rows.marks else ()


def population_to_keep(
    population: str,
    rows: RowMarks,
    cohort: Cohort,
    analyses: Iterable[Analysis],
    not_compared: Collection[str] = (),
) -> bytes:
    """Returns what a run keeps of a population that `cohort` has: who is in its sets and with what weight, the curves
    and outcomes that analyses of it may tell, and which sets are `not_compared` with all that was told meanwhile. (That
    is judged once: a site that starts again must not find otherwise.)"""
    of_it = [a for a in analyses if a.population == population]
    asked = of_it if rows.marks else []
    names = sorted({a.analysis_set for a in asked})
    sets = {name: set_to_keep(rows, cohort, name) for name in names}
    # weights in time are of all patients, whom the run knows from its beginning
    in_time = [a for a in asked if a.exposure.in_time is not None and not a.exposure.in_time.are_blocks]
    # an endpoint of a weighted set, of whose events nobody knows the number, is compared by that of all patients
    followed = [a for a in asked if not a.exposure.weights]
    content = {
        "sets": {name: [of.patient.tolist(), list(map(float.hex, of.weights.tolist()))] for name, of in sets.items()},
        "curves": [curve.to_json() for curve in curves_to_keep(rows, cohort, in_time)],
        "outcomes": [outcome.to_json() for outcome in outcomes_to_keep(rows, cohort, followed)],
        "not_compared": sorted({a.analysis_set for a in of_it}.intersection(not_compared)),
    }
    return json.dumps(content, separators=(",", ":")).encode()


def set_to_keep(rows: RowMarks, cohort: Cohort, name: str) -> KeptSet:
    """Returns who is in an analysis set of the cohort, by their places among the marks."""
    of = cohort.analysis_sets[name]
    return KeptSet(np.searchsorted(marked_patients(rows, cohort), of.patients), weights_of(of))


def runs_of(journal: Journal) -> dict[str, Begun]:
    """Returns the runs in which the site contributed, each with what was kept of its derived populations since."""
    return {run: _with_populations(begun, journal.populations(run)) for run, begun in journal.contributed().items()}


def not_compared(kept: Iterable[bytes]) -> frozenset[str]:
    """Returns the sets of a run that were not compared with all that other runs had told."""
    return frozenset().union(*(read_json(one)["not_compared"] for one in kept))


def _with_populations(begun: Begun, kept: Sequence[bytes]) -> Begun:
    found = begun
    for one in kept:
        content = read_json(one)
        members = {name: _kept_set(*of) for name, of in content["sets"].items()}
        found = replace(
            found,
            curves=(*found.curves, *map(read_curve, content["curves"])),
            outcomes=(*found.outcomes, *map(read_outcome, content["outcomes"])),
            members={**found.members, **members},
        )
    return found


def _kept_set(patients: Sequence[int], weights: Sequence[str]) -> KeptSet:
    return KeptSet(np.array(patients, np.int64), np.array([float.fromhex(weight) for weight in weights]))
