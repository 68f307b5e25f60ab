"""In which order analyses are judged: what comes later must pass beside what passed before it, so the multivariable
model of an entry comes before its univariable ones. Every site and the coordinator judge in one order."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.cohort import AnalysisSet
from riskset.analyses.methods.cox import CoxModel
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.analyses.plan import plan
from riskset.protocol.approval import ExceptionSigned
from riskset.protocol.program import UNNUMBERED
from riskset.rehearsal import Rehearsal

TWO, THREE = ("asan", "kurume"), ("asan", "kurume", "osaka")
BOTH = pytest.mark.parametrize("sites", [TWO, THREE], ids=["local", "pooled"])
STEM = "cox/os/all"
MULTIVARIABLE = f"{STEM}/multivariable"


@pytest.fixture
def rehearsal(patients):
    """Returns a rehearsal of one Cox entry over 240 patients. The columns `many` and `most` differ in four patients of
    each of two sites, in one of three."""

    def rehearsal(sites, univariable, multivariable, **more):
        n = 240
        rows, turn = patients.rows(seed=3, n=n), patients.sites(sites, n)
        many, most = np.zeros(n), np.zeros(n)
        many[:80] = 1
        apart = np.isin(np.arange(n), range(8 if len(sites) == 2 else 4))
        most[:80] = ~apart[:80]
        table = AnalysisSet(rows.days, rows.event, None, {**rows.variables, "many": many, "most": most})
        entry = {"kind": "cox", "endpoints": ["os"], "univariable": univariable, "multivariable": multivariable}
        variables = patients.study(sites).model_dump(by_alias=True)["variables"]
        study = patients.study(
            sites,
            analyses={"cox": entry},
            variables=variables | {"many": {"type": "boolean"}, "most": {"type": "boolean"}},
            disclosure={"min_sites": len(sites)},
        )
        signed = (ExceptionSigned("R12.contributors", "2", "a rehearsal"),) if len(sites) == 2 else ()
        return Rehearsal(study, patients.deal(table, turn), exceptions=signed, **more)

    return rehearsal


def refused(rehearsal):
    results = rehearsal.run().results
    assert all(isinstance(result, RefusedByRule | CoxFit) for id_, result in results.items() if id_.startswith("cox"))
    return {id_.removeprefix(f"{STEM}/") for id_, result in results.items() if isinstance(result, RefusedByRule)}


def test_all_multivariable_models_of_an_entry_come_first_and_entries_keep_their_order(patients):
    cox = {"kind": "cox", "endpoints": ["pfs", "os"], "univariable": True, "multivariable": ["arm", "age"]}
    endpoint = {"days": "days", "event": "dead"}
    asked = {"curves": {"kind": "km", "endpoints": ["os"]}, "first": cox, "second": cox}
    planned = plan(patients.study(TWO, analyses=asked, endpoints={"pfs": endpoint, "os": endpoint}))
    of_entry = [f"cox/{of}/all/multivariable" for of in ("pfs", "os")]
    of_entry += [f"cox/{of}/all/univariable/{one}" for of in ("pfs", "os") for one in ("arm", "age")]
    judged = [analysis.id for analysis in planned.judging_order]
    assert judged == ["km/os/all", *of_entry, *(f"{id_}/second" for id_ in of_entry)]
    assert sorted(judged) == sorted(planned.by_id)
    assert [analysis.id for analysis in planned.reported][1:4] == [of_entry[2], of_entry[3], of_entry[0]]


@BOTH
def test_a_multivariable_model_is_not_refused_because_of_its_univariable_ones(rehearsal, monkeypatch, sites):
    asked = ["many", "most", "age"], ["most", "age"]
    assert refused(rehearsal(sites, *asked)) == {"univariable/many"}
    monkeypatch.setattr(CoxModel, "judged_last", False)
    assert refused(rehearsal(sites, *asked)) == {"univariable/most", "multivariable"}


@BOTH
def test_the_budget_is_spent_on_the_multivariable_model_first(rehearsal, monkeypatch, sites):
    """Of a pooled 240 patients, or of 120 of a site, with 6 columns: 12 evaluations of 15 numbers."""
    limit = {"R5.opened": "1/4" if sites == TWO else "1/8"}
    limited = {"limits": dict.fromkeys(sites, limit)}
    asked = ["arm", "age", "stage"], ["arm", "age", "stage"]
    every = {"univariable/arm", "univariable/age", "univariable/stage"}
    assert refused(rehearsal(sites, *asked, **limited)) == every
    monkeypatch.setattr(CoxModel, "judged_last", False)
    assert refused(rehearsal(sites, *asked, **limited)) == {"multivariable"}


def test_results_keep_the_order_of_the_study(rehearsal):
    outcome = rehearsal(THREE, ["arm", "age"], ["arm", "age"]).run()
    reported = [analysis.id for analysis in outcome.history.plan.reported]
    assert reported == [f"{STEM}/univariable/arm", f"{STEM}/univariable/age", MULTIVARIABLE]
    assert outcome.history.passed == (MULTIVARIABLE, *reported[:2])


def test_a_run_of_0_1_0_is_derived_in_the_order_it_had(rehearsal):
    begun = rehearsal(THREE, ["arm", "age"], ["arm", "age"])
    begun.step()
    now = begun.coordinator._history
    old = replace(now.opened["asan"].program, protocol=UNNUMBERED)
    stated = {site: replace(said, program=old) for site, said in now.opened.items()}
    assert now.live[0].id == MULTIVARIABLE
    assert replace(now, opened=stated).live[-1].id == MULTIVARIABLE
