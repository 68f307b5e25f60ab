"""Sites' own hazard ratios, treatment by site and the models without a site equal R's: `meta_analysis.R`, over the
sites of each data set as they are. Everyone tells its own estimate, and no rule is applied."""

import json
from pathlib import Path

import numpy as np
import pytest

from riskset.analyses.cohort import AnalysisSet, Cohort
from riskset.rehearsal import Rehearsal
from riskset.results import entry_json, results_of

ANSWERS = json.loads(Path(__file__).with_name("meta_analysis.json").read_text(encoding="utf-8"))
METHODS = {"dersimonian_laird": ("DL", 1e-9), "reml": ("REML", 1e-9), "paule_mandel": ("PM", 1e-6)}
"""With the tolerance of metafor's own root."""
ASKED = {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"], "leave_one_out": True}


@pytest.fixture(scope="module")
def found(golden, patients):
    name = golden.answers["meta"]["dataset"]
    if name not in ANSWERS:
        pytest.skip("its sites are not in meta_analysis.json")
    return tried(golden, patients, ASKED), ANSWERS[name]


def tried(golden, patients, asked):
    study = patients.study(golden.sites, analyses={"sites": asked}, disclosure={"secure_sum": "off", "min_sites": 2})
    cohorts = {
        site: Cohort(site, {"os": rows_of(golden, golden.site_codes == code)}) for code, site in enumerate(golden.sites)
    }
    outcome = Rehearsal(study, cohorts, is_gated=False, told_alone=golden.sites).run()
    (entry,) = results_of(study, outcome, golden.sites).entries
    return entry_json(entry)


def rows_of(golden, here):
    return AnalysisSet(
        days=golden.days[here], event=golden.event[here], entry_days=None,
        variables={"arm": golden.arm[here].astype(np.float64), "age": golden.columns["age"][here]},
    )  # fmt: skip


def close(mine, theirs):
    assert abs(mine["coef"] - theirs["coef"]) < 1e-9 * theirs["se"]
    assert mine["se"] == pytest.approx(theirs["se"], rel=1e-9)


def test_each_site(found):
    mine, theirs = found
    assert mine["n"] == theirs["n"]
    own = {one["site"]: one for one in mine["sites"] if one["coef"] is not None}
    assert sorted(own) == sorted(one["site"] for one in theirs["own"])
    assert mine["sites_combined"] == len(own)
    for one in theirs["own"]:
        close(own[one["site"]], one)
        assert (own[one["site"]]["n"], own[one["site"]]["events"]) == (one["n"], one["events"])
    close(mine["common"], theirs["common"])


def test_treatment_by_site(found):
    mine, theirs = (of["likelihood_ratio"] for of in (found[0]["treatment_by_site"], found[1]))
    assert mine["df"] == theirs["df"]
    # a difference of log likelihoods of 1e4, exact to 1e-12 of themselves; R stops a separated site within 1e-7
    assert mine["chi2"] == pytest.approx(theirs["chi2"], abs=1e-6)


def test_without_a_site(found):
    mine, theirs = found
    for one in mine["leave_one_out"]:
        if one["coef"] is not None:
            close(one, theirs["without"][one["without"]])
        else:
            assert one["reason"]["rule"] == "R13"


def test_adjusted(golden, patients):
    if golden.answers["meta"]["dataset"] != "rottgbsg":
        pytest.skip("the adjusted models are of rottgbsg")
    mine, theirs = tried(golden, patients, ASKED | {"covariates": ["arm", "age"]}), ANSWERS["adjusted"]
    close(mine["common"], theirs["common"])
    own = theirs["own"]
    for one in mine["sites"]:
        close(one, own[one["site"]])
    for one in mine["leave_one_out"]:  # of two sites the other one is left
        (other,) = own.keys() - {one["without"]}
        close(one, own[other])
    assert mine["treatment_by_site"]["likelihood_ratio"]["reason"]["code"] == "adjusted"


def test_combined(found):
    mine, theirs = found
    close(mine["fixed"], theirs["FE"]["z"])
    assert mine["q"]["chi2"] == pytest.approx(theirs["FE"]["z"]["q"], rel=1e-9)
    for name, (method, rel) in METHODS.items():
        golden = theirs[method]
        for of, other in ((mine[name], golden["z"]), (mine[name]["hartung_knapp"], golden["knha"])):
            for key in ("coef", "se", "lower", "upper", "p"):
                assert of[key] == pytest.approx(other[key], rel=rel, abs=rel)
            if len(theirs["y"]) > 2:
                limits = of["prediction"]
                assert (limits["lower"], limits["upper"]) == pytest.approx(other["pi"], rel=rel, abs=rel)
        assert mine[name]["tau2"] == pytest.approx(golden["z"]["tau2"], rel=rel, abs=1e-9)
        assert mine[name]["i2"] == pytest.approx(100 * golden["z"]["i2"], rel=rel, abs=1e-9)
    if len(theirs["y"]) > 2:
        assert (mine["prediction"]["lower"], mine["prediction"]["upper"]) == pytest.approx(theirs["hts"], rel=1e-9)
    else:
        assert mine["prediction"]["lower"] is None
        assert "two sites" in mine["prediction"]["reason"]["message"]
