"""Every demonstration passes the rules, with no exception but those it names, and equals the pooled rows."""

from dataclasses import dataclass, replace

import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.rehearsal import Rehearsal
from riskset.results import results_json, results_of
from riskset.study.load import parse_study
from riskset_demo.comparison import compare
from riskset_demo.studies import DEMONSTRATIONS
from riskset_demo.studies.made_up import HCC, HCC_TWO
from riskset_site.data.cohort import load_cohort


@dataclass(frozen=True)
class Prepared:
    """A demonstration whose hospitals have read their exports."""

    demonstration: object
    study: object
    cohorts: dict

    def outcome(self, exceptions=None):
        signed = self.demonstration.exceptions if exceptions is None else exceptions
        return Rehearsal(self.study, self.cohorts, exceptions=signed).run()

    def results(self):
        return results_json(results_of(self.study, self.outcome(), sorted(self.cohorts)))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    def prepare(demonstration):
        study, root = parse_study(demonstration.study.decode()), tmp_path_factory.mktemp(demonstration.name)
        for site, files in demonstration.folders().items():
            (root / site).mkdir()
            for name, content in files.items():
                (root / site / name).write_bytes(content)
        return Prepared(demonstration, study, {s: load_cohort(root / s / "site.toml", study) for s in study.sites})

    return prepare


def refused(outcome):
    return {id_: result.rule for id_, result in outcome.results.items() if isinstance(result, RefusedByRule)}


@pytest.mark.parametrize("demonstration", DEMONSTRATIONS.values(), ids=DEMONSTRATIONS.keys())
def test_every_analysis_passes_and_every_model_equals_that_of_the_pooled_rows(demonstration, prepared):
    """As against R: within 1e-9 standard errors, and standard errors within 1e-9 of themselves."""
    ready = prepared(demonstration)
    results = ready.results()
    assert {result["status"] for result in results["results"]} == {"ok"}
    compared = compare(results, demonstration)
    assert [model.endpoint for model in compared] == list(ready.study.endpoints)
    for model in compared:
        assert model.largest_difference < 1e-9
        assert all(line.se == pytest.approx(line.other_se, rel=1e-9) for line in model.coefficients)


def test_results_of_made_up_data_begin_with_saying_so(prepared):
    ready = prepared(HCC_TWO)
    document = results_json(
        results_of(ready.study, ready.outcome(), sorted(ready.cohorts), ["Nobody has released this."])
    )
    assert document["notices"] == [ready.study.header.notice, "Nobody has released this."]


def test_ten_hospitals_need_no_exception():
    assert HCC.exceptions == ()


def test_two_hospitals_are_refused_every_analysis_where_they_have_not_approved_each_other(prepared):
    _, parameters = HCC_TWO.exceptions
    outcome = prepared(HCC_TWO).outcome((parameters,))
    assert set(refused(outcome).values()) == {"R12"}


def test_the_smaller_of_two_hospitals_refuses_five_columns_without_an_exception(prepared):
    """It says so under the sum: of the rules on a site's own rows nobody learns which, or where."""
    two, _ = HCC_TWO.exceptions
    told = refused(prepared(HCC_TWO).outcome((two,)))
    assert set(told) == {"cox/pfs/all/multivariable", "cox/os/all/multivariable"}
    assert set(told.values()) == {"R1 to R6"}


def test_one_patient_more_or_less_is_seen(prepared):
    fewer = replace(HCC_TWO, hospitals={"seoul": 80, "tokyo": 42})
    compared = compare(prepared(HCC_TWO).results(), fewer)
    assert len(compared) == 2
    assert all(model.largest_difference > 1e-3 for model in compared)
