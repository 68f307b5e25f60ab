"""Every kind of analysis that is registered: it has what a kind must have on each floor, and obeys the laws of all.

A kind that is added needs an entry in `EXAMPLES`; the rest follows from the registries.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import VARIABLES

from riskset.analyses.analysis import has_result
from riskset.analyses.cohort import AnalysisSet, Cohort, PatientSet
from riskset.analyses.methods import PLANNERS
from riskset.analyses.plan import plan
from riskset.analyses.populations import with_population
from riskset.disclosure.coverage import uncovered
from riskset.disclosure.placement import unplaced
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of
from riskset.study.asked import ENTRIES, installed
from riskset_report import report_of
from riskset_report.blocks import Box
from riskset_report.sections import OWN as SECTIONS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SITES = ("asan", "kurume", "osaka")
EXAMPLES = {
    "flow": {"kind": "flow"},
    "table1": {"kind": "table1", "variables": ["age", "stage"]},
    "propensity": {"kind": "propensity"},
    "balance": {"kind": "balance"},
    "km": {"kind": "km", "endpoints": ["os"], "landmarks": [12]},
    "cox": {
        "kind": "cox",
        "endpoints": ["os"],
        "univariable": ["arm"],
        "multivariable": ["arm", "age", "stage"],
        "robust": "patient",
        "concordance": True,
    },
    "rmst": {"kind": "rmst", "endpoints": ["os"], "tau": [12, 24]},
    "follow-up": {"kind": "follow-up", "endpoints": ["os"]},
    "cumulative-incidence": {
        "kind": "cumulative-incidence",
        "endpoints": ["os"],
        "landmarks": [12],
        "fine_gray": ["arm", "age"],
    },
    "response": {"kind": "response", "of": ["stage"], "orr": ["I"], "dcr": ["I", "II"]},
    "adverse-events": {"kind": "adverse-events"},
    "subgroup": {"kind": "subgroup", "endpoints": ["os"], "by": ["stage"]},
    "site-heterogeneity": {
        "kind": "site-heterogeneity",
        "endpoints": ["os"],
        "covariates": ["arm"],
        "leave_one_out": True,
    },
}
ELIGIBILITY = [{"id": "adults", "rule": "age >= 18"}]
GRADES = {"type": "category", "levels": ["0", "2", "3"]}
ADVERSE_EVENTS = {
    "grading": "CTCAE 5.0",
    "safety_population": "arm",
    "terms": {"pain": {"from": ["stage"]}, "itch": {"from": ["skin", "nails"], "grades": ["any"]}},
}
COMPETING = {"os": {"days": "days", "event": "dead", "competing": ["lost"]}}
ROW = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)
IN_TWO_OBJECTS = {"width_days", "max_days", "approximate"}
"""Keys of `grid`, which has a section of its own."""


def study_of(patients, kind, sites=SITES, **more):
    asked = {"score": EXAMPLES["propensity"]} if kind == "balance" else {}
    return patients.study(sites, analyses=asked | {"asked": EXAMPLES[kind]}, **needed_by(patients, kind), **more)


def asked_in(study):
    """Returns the analyses of the example, without those of an entry that it needs."""
    return [analysis for analysis in plan(study).reported if analysis.name == "asked"]


def needed_by(patients, kind):
    """Returns what else the study of a kind needs."""
    if kind == "cumulative-incidence":
        return {"endpoints": COMPETING, "variables": {**VARIABLES, "lost": {"type": "boolean"}}}
    if kind == "flow":
        return {"eligibility": ELIGIBILITY}
    if kind == "propensity":
        return {"propensity": {"covariates": ["age", "stage"]}}
    if kind == "balance":
        return {"propensity": {"covariates": ["age", "stage"], "adjustments": {"match": {"method": "nearest"}}}}
    if kind != "adverse-events":
        return {}
    return {
        "variables": patients.variables | dict.fromkeys(("stage", "skin", "nails"), GRADES),
        "adverse_events": ADVERSE_EVENTS,
    }


def cohorts_of(patients, kind, seed=7, sites=SITES, order=None):
    rows = patients.rows(seed, 240)
    rows = rows if order is None else patients.choose(rows, order)
    dealt = patients.deal(rows, patients.sites(sites, 240) if order is None else patients.sites(sites, 240)[order])
    return {name: with_sets(cohort, study_of(patients, kind)) for name, cohort in dealt.items()}


def with_sets(cohort, study):
    """Returns the cohort with the same patients in each set without an endpoint that the study's analyses need."""
    rows = cohort.analysis_sets["os"]
    of = [set_id.name for set_id in plan(study).sets if set_id.endpoint is None]
    variables = rows.variables | {"skin": rows.variables["age"] % 3, "nails": 2.0 * (rows.variables["age"] > 80)}
    return Cohort(cohort.site, {"os": rows} | dict.fromkeys(of, PatientSet(variables, rows.patients)))


def with_populations(cohort, study, outcome):
    """Returns the cohort with the populations that follow from results."""
    planned = plan(study)
    for name, population in planned.populations.items():
        sets = [analysis.set_id for analysis in planned.reported if analysis.population == name]
        cohort = with_population(cohort, population.members(cohort, outcome.results), sets)
    return cohort


def results_json(study, outcome):
    """Returns what results.json says, by id, numbers as they are before rounding."""
    return {entry.id: entry_json(entry) for entry in results_of(study, outcome, SITES).entries}


@pytest.fixture(scope="module")
def ran(patients):
    """Returns the study and the outcome of a kind's example, run once."""
    found = {}

    def ran(kind):
        if kind not in found:
            study = study_of(patients, kind)
            found[kind] = study, Rehearsal(study, cohorts_of(patients, kind)).run()
        return found[kind]

    return ran


def test_every_kind_has_an_example():
    assert list(EXAMPLES) == list(ENTRIES)


def test_every_registry_has_every_kind():
    assert list(PLANNERS) == list(ENTRIES) == list(SECTIONS) == list(installed())


@pytest.mark.parametrize("kind", ENTRIES)
class TestDocuments:
    def test_the_study_file_has_its_table(self, kind):
        assert f'\n### `kind = "{kind}"`\n' in (DOCS / "study-file.md").read_text(encoding="utf-8")

    def test_it_has_a_page_that_names_its_checks(self, kind):
        index = (DOCS / "methods" / "README.md").read_text(encoding="utf-8")
        assert f"| `{kind}` | [" in index
        page = (DOCS / "methods" / f"{kind}.md").read_text(encoding="utf-8")
        rows = dict(re.findall(r"^\| by (hand|R|law|attack) \| (`.+`) \|$", page, re.MULTILINE))
        named = {how: re.findall(r"`([^`]+)`", files) for how, files in rows.items()}
        assert set(named) == {"hand", "R", "law", "attack"}
        assert all((ROOT / file).is_file() for files in named.values() for file in files)
        assert all((ROOT / file).is_relative_to(ROOT / "tests" / "golden") for file in named["R"])

    def test_every_key_of_its_results_is_explained(self, kind, ran):
        sections = dict(part.split("\n", 1) for part in self.results_page().split("\n## ")[1:])
        body = next((body for name, body in sections.items() if name == f"`{kind}`"), "".join(sections.values()))
        explained = {*ROW.findall(body), *ROW.findall(sections["Every result"]), *IN_TWO_OBJECTS}
        study, outcome = ran(kind)
        own = {analysis.id for analysis in asked_in(study)}
        found = results_json(study, outcome)
        used = set().union(*(keys_of(of) for id_, of in found.items() if id_ in own))
        assert used <= explained, used - explained

    def results_page(self):
        return (DOCS / "results.md").read_text(encoding="utf-8")


def keys_of(value):
    """Returns every key of every object in a part of a document."""
    if isinstance(value, dict):
        return set(value).union(*(keys_of(item) for item in value.values()))
    return set().union(*(keys_of(item) for item in value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("kind", ENTRIES)
class TestExposure:
    def test_a_rule_can_place_all_of_it(self, kind, patients):
        for analysis in asked_in(study_of(patients, kind)):
            assert analysis.kind == kind
            assert list(unplaced(analysis.id, analysis.exposure, analysis.endpoint)) == []

    def test_every_number_is_of_it(self, kind, ran):
        study, outcome = ran(kind)
        for analysis in asked_in(study):
            inputs = {id_: outcome.results[id_] for id_ in analysis.needs}
            labels = analysis.labels(analysis.start(inputs))
            assert labels
            assert [why for label in labels if (why := uncovered(analysis.exposure, label, "arm"))] == []
            assert len({label.text for label in labels}) == len(labels)

    def test_what_is_not_declared_moves_no_bit(self, kind, ran, patients):
        """Each column that the exposure does not name is permuted among the rows, and drawn again and halved, which
        moves sums and extremes; so are times without a clock."""
        study, outcome = ran(kind)
        cohort = with_populations(cohorts_of(patients, kind)["asan"], study, outcome)
        random = np.random.default_rng(1)
        for analysis in asked_in(study):
            inputs = {id_: outcome.results[id_] for id_ in analysis.needs}
            state = analysis.start(inputs)
            truth = analysis.local(analysis.prepare(cohort, inputs), state)
            assert len(truth) == len(analysis.labels(state))
            for other in others(cohort, analysis, random):
                np.testing.assert_array_equal(analysis.local(analysis.prepare(other, inputs), state), truth)


def others(cohort, analysis, random):
    """Yields the cohort with other values of one variable that the analysis does not declare."""
    rows = cohort.analysis_sets[analysis.analysis_set]
    declared = {of for column in analysis.columns for of in (column.variable, *(name for name, _ in column.merged))}
    ways = (random.permutation, lambda values: values[random.integers(0, rows.n, rows.n)] * 0.5)
    for name in set(rows.variables) - declared:
        for way in ways:
            variables = {**rows.variables, name: way(rows.variables[name])}
            yield with_rows(cohort, analysis, replace(rows, variables=variables))
    if analysis.endpoint is None and isinstance(rows, AnalysisSet):
        yield with_rows(cohort, analysis, replace(rows, days=random.permutation(rows.days)))


def with_rows(cohort, analysis, rows):
    return Cohort(cohort.site, {**cohort.analysis_sets, analysis.analysis_set: rows})


@pytest.mark.parametrize("kind", ENTRIES)
class TestLaws:
    def test_it_has_a_result(self, kind, ran):
        _, outcome = ran(kind)
        assert all(has_result(result) for result in outcome.results.values())

    def test_order_of_sites_and_an_empty_site_change_no_bit(self, kind, ran, patients):
        study, outcome = ran(kind)
        cohorts = cohorts_of(patients, kind)
        nobody = patients.choose(cohorts["asan"].analysis_sets["os"], slice(0))
        wider = study_of(patients, kind, (*SITES, "seoul"))
        empty = with_sets(Cohort("seoul", {"os": nobody}), wider)
        more = Rehearsal(wider, {**dict(reversed(cohorts.items())), "seoul": empty}).run()
        assert results_json(study, more) == results_json(study, outcome)

    def test_neither_gate_nor_masks_change_a_bit(self, kind, ran, patients):
        study, outcome = ran(kind)
        bare = Rehearsal(study, cohorts_of(patients, kind), is_gated=False).run()
        assert results_json(study, bare) == results_json(study, outcome)
        clear = study_of(patients, kind, disclosure={"secure_sum": "off"})
        unmasked = Rehearsal(clear, cohorts_of(patients, kind), is_gated=False).run()
        assert results_json(clear, unmasked) == results_json(study, outcome)

    @settings(max_examples=settings().max_examples // 4)  # an order of the rows is as good as another
    @given(st.randoms(use_true_random=False))
    def test_order_of_rows_changes_nothing(self, kind, ran, patients, random):
        study, outcome = ran(kind)
        order = np.array(random.sample(range(240), 240))
        cohorts = (cohorts_of(patients, kind, order=order), cohorts_of(patients, kind))
        cohort, before = (with_populations(of["kurume"], study, outcome) for of in cohorts)
        for analysis in asked_in(study):
            inputs = {id_: outcome.results[id_] for id_ in analysis.needs}
            state = analysis.start(inputs)
            found, truth = (analysis.local(analysis.prepare(one, inputs), state) for one in (cohort, before))
            # sums of a few hundred terms of order 10 in another order
            np.testing.assert_allclose(found, truth, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", ENTRIES)
class TestReport:
    def test_every_result_is_on_the_page(self, kind, ran):
        study, outcome = ran(kind)
        results = results_of(study, outcome, SITES)
        blocks = [block for part in report_of(results).parts for block in part.blocks]
        printed = {cell for block in blocks if not isinstance(block, Box) for cell in block.cells}
        shown = {id_.split(":")[0] for id_ in printed}
        assert shown == {entry.id for entry in results.entries}

    def test_results_json_can_be_written(self, kind, ran):
        study, outcome = ran(kind)
        assert json.loads(json.dumps(results_json(study, outcome), allow_nan=False))


@pytest.mark.parametrize("kind", ENTRIES)
def test_a_committee_reads_what_is_computed(kind, patients):
    study = study_of(patients, kind)
    sentences = [str(sentence) for sentence in study.analyses["asked"].sentences(study)]
    assert sentences
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in sentences)
    assert all(analysis.reveals for analysis in plan(study).reported)
