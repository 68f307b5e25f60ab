"""Each remedy is true: a study is refused, what the refusal says is done, and the same analysis passes.

A case is a study with the rows of its sites; the limit that an analysis fails; words of the remedy, as printed; and the
study in which they were followed. Runs after earlier ones are in `tests/attacks`, each with the nearest honest request.
"""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import Cohort
from riskset.protocol.approval import ExceptionSigned
from riskset.rehearsal import Rehearsal

THREE, TWO = ("asan", "busan", "chiba"), ("asan", "busan")
YES_NO = {"type": "boolean"}
TWO_KNOW = (ExceptionSigned("R12.contributors", "2", "both know it"),)


def cox(*covariates, **more):
    return {"kind": "cox", "endpoints": ["os"], "multivariable": list(covariates), **more}


@dataclass(frozen=True)
class Tried:
    """A study, its rows and the sites that hold them."""

    rows: object
    analyses: dict
    sites: tuple = THREE
    exceptions: tuple = ()
    variables: dict | None = None
    endpoints: dict | None = None
    sets: object = None
    """Returns further sets of a site's rows, by name."""

    def but(self, **changed):
        return replace(self, **changed)


class Maker:
    """Makes rows and runs studies."""

    def __init__(self, patients):
        self.patients = patients

    def rows(self, n=120, seed=7, **columns):
        rows = self.patients.rows(seed, n)
        rows.variables.update({name: np.asarray(values, float) for name, values in columns.items()})
        return rows

    def refusals(self, tried):
        """What does not pass, by id: (limits, remedies) of the refusal and of the sites' own findings."""
        variables = {
            "arm": {"type": "category", "levels": ["old", "new"]},
            "age": {"type": "number", "range": [1, 1e4]},
        }
        variables |= {"stage": {"type": "category", "levels": ["I", "II", "III"]}} | (tried.variables or {})
        variables |= {"days": {"type": "number", "range": [0, 5000]}, "dead": YES_NO}
        more = {"endpoints": tried.endpoints} if tried.endpoints else {}
        study = self.patients.study(tried.sites, analyses=tried.analyses, variables=variables, **more)
        at = self.patients.sites(tried.sites, tried.rows.n)
        cohorts = self.patients.deal(tried.rows, at)
        if tried.sets:
            sets = {name: tried.sets(np.flatnonzero(at == name), cohorts[name].analysis_sets["os"]) for name in cohorts}
            cohorts = {name: Cohort(name, {**c.analysis_sets, **sets[name]}) for name, c in cohorts.items()}
        rehearsal = Rehearsal(study, cohorts, exceptions=tried.exceptions)
        outcome = rehearsal.run()
        found = {}
        for analysis in outcome.history.plan.reported:
            end = outcome.results[analysis.id]
            refusal = end if isinstance(end, RefusedByRule) else getattr(analysis, "arms_refusal", None)
            if refusal is not None:
                found[analysis.id] = {(refusal.limit_name or refusal.rule, str(refusal.remedy))}
        for journal in rehearsal.journals.values():
            for sent in journal.sent["rehearsal"]:
                for verdict in sent.verdicts:
                    if verdict["verdict"] != "pass" and verdict["analysis"] in found:
                        found[verdict["analysis"]].add((verdict["limit_name"], verdict["remedy"]))
        return found


@pytest.fixture(scope="module")
def maker(patients):
    return Maker(patients)


def at(n):
    return np.arange(n)


def lognormal(n):
    return np.exp(4 + 1.2 * np.random.default_rng(2).normal(size=n)).clip(1, 1e4)


MULTI = "cox/os/all/multivariable"


def too_few_patients(make):
    tried = Tried(make.rows(45), {"cox": cox("arm")})
    return tried, MULTI, "R1.population_rows", "at least 50 eligible patients", tried.but(rows=make.rows(51))


def too_few_patients_of_two_sites(make):
    tried = Tried(make.rows(50), {"cox": cox("arm")}, TWO, TWO_KNOW)
    signed = (*TWO_KNOW, ExceptionSigned("R1.population_rows", "25", "few"))
    return tried, MULTI, "R1.population_rows", "down to R1=10", tried.but(exceptions=signed)


def columns_apart_in_two(make, follow):
    n = 120
    one = at(n) // 3 % 3 == 0
    other = one ^ np.isin(at(n), (0, 30))
    analyses = {"first": cox("arm", "one"), "second": cox("age", "other")}
    tried = Tried(make.rows(n, one=one, other=other), analyses, variables={"one": YES_NO, "other": YES_NO})
    followed = {
        "drop a variable": tried.but(analyses={"first": cox("arm", "one"), "second": cox("age")}),
        "list it first": tried.but(analyses={"second": cox("age", "other"), "first": cox("arm", "one")}),
    }[follow]
    # the second entry has the same id as the first, and the entry's name behind it; listed first it has none
    return tried, f"{MULTI}/second", "R2.leverage", follow, followed


def columns_that_single_out(make):
    return columns_apart_in_two(make, "drop a variable")


def columns_that_single_out_listed_first(make):
    return columns_apart_in_two(make, "list it first")


def rows_apart(make, follow):
    n = 120

    def sets(patients_here, rows):
        fewer = np.flatnonzero(~np.isin(patients_here, (0, 1, 2)))
        here = {name: values[fewer] for name, values in rows.variables.items()}
        few = replace(rows, days=rows.days[fewer], event=rows.event[fewer], variables=here, patient=fewer)
        every = replace(rows, patient=at(rows.n))
        return {"os": every, "os with arm": every, "os with age": few}

    one, other = cox("arm", missing="by_model"), cox("age", missing="by_model")
    tried = Tried(make.rows(n), {"one": one, "other": other}, sets=sets)
    followed = {
        "list it first": tried.but(analyses={"other": other, "one": one}),
        "the same covariates": tried.but(analyses={"one": one, "other": one}),
    }[follow]
    return tried, f"{MULTI}/other", "R2.apart_rows", follow, followed


def rows_that_differ_in_few(make):
    return rows_apart(make, "the same covariates")


def rows_that_differ_in_few_listed_first(make):
    return rows_apart(make, "list it first")


def too_few_events(make):
    rows = make.rows(150)
    rows.event[:] = at(150) % 10 == 0
    tried = Tried(rows, {"cox": cox("arm")})
    signed = (ExceptionSigned("R3.events", "15", "rare"),)
    return tried, MULTI, "R3.events", "sign R3=15", tried.but(exceptions=signed)


def too_few_events_for_the_parameters(make):
    rows = make.rows(150)
    rows.event[:] = at(150) % 7 == 0  # 22
    tried = Tried(rows, {"cox": cox("arm", "age", "stage", "half")}, variables={"half": YES_NO})
    rows.variables["half"] = (at(150) % 2 == 0).astype(float)
    fewer = {"cox": cox("arm", "age", "stage")}
    return tried, MULTI, "R3.events_per_parameter", "at most 4 of the 5 parameters", tried.but(analyses=fewer)


def a_rare_level(make):
    n = 120
    tried = Tried(make.rows(n, stage=np.where(at(n) < 6, 2, at(n) % 2)), {"cox": cox("stage")})
    merged = {"stage": {"type": "category", "levels": ["I", "II or III"]}}
    rows = make.rows(n, stage=np.where(at(n) < 6, 1, at(n) % 2))
    return tried, MULTI, "R4.level", "merge the level with another", tried.but(rows=rows, variables=merged)


def a_skewed_number(make):
    n = 120
    tried = Tried(make.rows(n, age=lognormal(n)), {"cox": cox("age")})
    logarithm = {"age": {"type": "number", "range": [1, 1e4], "transform": "log"}}
    rows = make.rows(n, age=np.log(lognormal(n)))
    return tried, MULTI, "R4.leverage", "declare a transform", tried.but(rows=rows, variables=logarithm)


def a_skewed_number_by_exception(make):
    n = 120
    tried = Tried(make.rows(n, age=lognormal(n)), {"cox": cox("age")})
    signed = (ExceptionSigned("R4.leverage", "1/3", "a skewed value"),)
    return tried, MULTI, "R4.leverage", "down to R4=1/3", tried.but(exceptions=signed)


def a_range_too_wide(make):
    n = 120
    wide = {"age": {"type": "number", "range": [0, 1e7]}}
    tried = Tried(make.rows(n, age=1000 + 1e-4 * (at(n) % 50)), {"cox": cox("age")}, variables=wide)
    narrow = {"age": {"type": "number", "range": [999, 1001]}}
    return tried, MULTI, "R4", "declare a narrower range", tried.but(variables=narrow)


def too_many_numbers(make):
    models = {f"m{i}": cox("arm", "age") for i in range(9)}
    tried = Tried(make.rows(51), models)
    first = {"m8": models["m8"], **{name: model for name, model in models.items() if name != "m8"}}
    return tried, f"{MULTI}/m8", "R5.opened", "list it first", tried.but(analyses=first)


def too_many_evaluations(make):
    """Two sites, each with few patients for eight numbers: R5 ends the model, and R7 has nothing to do with it."""
    names = [f"x{i}" for i in range(8)]
    numbers = np.random.default_rng(1).uniform(0, 100, (8, 86)).round()
    rows = make.rows(86, **dict(zip(names, numbers, strict=True)))
    rows.event[:] = True
    variables = {name: {"type": "number", "range": [0, 100]} for name in names}
    signed = (*TWO_KNOW, ExceptionSigned("R6.parameters", "1/5", "few"), ExceptionSigned("R4.leverage", "1/2", "few"))
    tried = Tried(rows, {"cox": cox(*names)}, TWO, signed, variables)
    return tried, MULTI, "R5.numbers", "fewer columns", tried.but(analyses={"cox": cox(*names[:3])})


def too_many_parameters(make):
    n = 57
    halves = {f"x{i}": (at(n) // 2**i % 2 == 0) for i in range(3)}
    rows = make.rows(n, **halves)
    rows.event[:] = True
    variables = dict.fromkeys(halves, YES_NO)
    tried = Tried(rows, {"cox": cox("arm", "age", "stage", "x0", "x1")}, variables=variables)
    fewer = {"cox": cox("arm", "stage", "x0", "x1")}
    return tried, MULTI, "R6.parameters", "at most 5 parameters in place of 6", tried.but(analyses=fewer)


def a_number_that_decides(make):
    """Survival follows from the number all but alone."""
    n = 240
    rows = make.rows(n, age=1000 + 8000 * (at(n) * 89 % n) / n)
    rows = replace(rows, days=(1 + rows.variables["age"] / 4 + 3 * (at(n) % 7)).astype(np.int64), event=at(n) >= 0)
    tried = Tried(rows, {"cox": cox("arm", "age")})
    return (
        tried,
        MULTI,
        "R7.spread",
        "drop a covariate",
        tried.but(analyses={"cox": cox("arm")}),
    )


def an_attribute_as_an_event(make):
    n = 120
    male = at(n) // 3 % 3 == 0

    def sets(patients_here, rows):
        return {"sex": replace(rows, event=male[patients_here])}

    endpoints = {"os": {"days": "days", "event": "dead"}, "sex": {"days": "days", "event": "male"}}
    both = {"km": {"kind": "km", "endpoints": ["os", "sex"]}}
    tried = Tried(make.rows(n), both, endpoints=endpoints, sets=sets, variables={"male": YES_NO})
    alone = {"km": {"kind": "km", "endpoints": ["sex"]}}
    return tried, "km/sex/all", "R9.outside_order", "one of the two endpoints only", tried.but(analyses=alone)


def two_sites(make):
    tried = Tried(make.rows(), {"cox": cox("arm")}, TWO)
    return tried, MULTI, "R12.contributors", "sign R12=2", tried.but(exceptions=TWO_KNOW)


def arms_at_sites_of_their_own(make):
    n = 120
    tried = Tried(make.rows(n, arm=at(n) % 3 == 0), {"cox": cox("arm", "age")})
    dropped = {"cox": cox("age")}
    return tried, MULTI, "R12.contributors", "drop the variable", tried.but(analyses=dropped)


def a_number_that_differs_at_two_sites(make):
    n = 120
    age = np.where(at(n) % 3 == 0, 50, 40 + at(n) % 40)
    tried = Tried(make.rows(n, age=age), {"cox": cox("arm", "age")})
    added = tried.but(sites=(*THREE, "daegu"), rows=make.rows(n, age=np.where(at(n) % 4 == 0, 50, 40 + at(n) % 40)))
    return tried, MULTI, "R12.contributors", "patients differ in it at 3 or more", added


CASES = [
    too_few_patients,
    too_few_patients_of_two_sites,
    columns_that_single_out,
    columns_that_single_out_listed_first,
    rows_that_differ_in_few,
    rows_that_differ_in_few_listed_first,
    too_few_events,
    too_few_events_for_the_parameters,
    a_rare_level,
    a_skewed_number,
    a_skewed_number_by_exception,
    a_range_too_wide,
    too_many_numbers,
    too_many_evaluations,
    too_many_parameters,
    a_number_that_decides,
    an_attribute_as_an_event,
    two_sites,
    arms_at_sites_of_their_own,
    a_number_that_differs_at_two_sites,
]
FURTHER = (
    too_few_patients,
    too_few_patients_of_two_sites,
    a_range_too_wide,
    two_sites,
    arms_at_sites_of_their_own,
    a_number_that_differs_at_two_sites,
    columns_that_single_out,
    rows_that_differ_in_few,
    a_skewed_number_by_exception,
)


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.exhaustive] * (case in FURTHER)) for case in CASES],
    ids=lambda case: case.__name__,
)
def test_what_the_remedy_says_passes(maker, case):
    tried, id_, limit, words, followed = case(maker)
    found = maker.refusals(tried)[id_]
    assert [remedy for of, remedy in found if of == limit and words in remedy], found
    still = maker.refusals(followed)
    assert not [failed for failed in still.values() if limit in {of for of, _ in failed}] or "list it first" in words
    assert (id_.rpartition("/")[0] if words == "list it first" else id_) not in still, still
