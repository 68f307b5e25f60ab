"""A whole study over its sites equals R on the pooled rows: `oracle.R`, keys of the site baseline and of the day grid.

The way is a stranger's: CSV files and a study file, `riskset study try`, results.json. Tolerances as in
`test_cox_against_r`; a coefficient's z and its limits inherit the coefficient's 1e-9 standard errors.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.golden.study_text import sites_text, study_text

HERE = Path(__file__).parent
RHO = {"log": 0.5, "log-log": 0, "plain": 1}
"""One analysis for each scale of limits, each with other weights of the log-rank tests."""
LIMITS = tuple(RHO)

LUNG = """\
age     = { type = "number", unit = "year", range = [18, 100] }
ph_ecog = { type = "number", range = [0, 4], required = false }
wt_loss = { type = "number", unit = "lb", range = [-60, 120], required = false }
"""
ROTTGBSG = """\
age    = { type = "number", unit = "year", range = [18, 100] }
meno   = { type = "boolean" }
size   = { type = "category", levels = ["1", "2", "3"] }
grade3 = { type = "boolean" }
nodes  = { type = "number", range = [0, 100], transform = "log1p" }
pgr    = { type = "number", range = [0, 10000], transform = "log1p" }
er     = { type = "number", range = [0, 10000], transform = "log1p" }
"""
RHDNASE = """\
fev = { type = "number", range = [1, 200], transform = "log" }
"""
PBC3 = """\
age     = { type = "number", unit = "year", range = [18, 100] }
sex     = { type = "boolean" }
bili    = { type = "number", range = [1, 1000], transform = "log" }
alb     = { type = "number", range = [10, 100], required = false }
crea    = { type = "number", range = [10, 1000], required = false }
gibleed = { type = "boolean" }
"""
COVARIATES = {"lung": LUNG, "rottgbsg": ROTTGBSG, "rhdnase": RHDNASE, "pbc3": PBC3}
IN_R = {"nodes": "lnodes", "pgr": "lpgr", "er": "ler", "bili": "logbili", "fev": "logfev"}


@dataclass(frozen=True)
class Tried:
    """A data set's results.json, by id, and R's answers."""

    results: dict
    r: dict

    def of(self, analysis, model=None):
        """The one result of an analysis of the study."""
        (found,) = (x for x in self.results.values() if x["analysis"] == analysis and x.get("model") == model)
        return found


OTHERS = [pytest.param(name, marks=pytest.mark.exhaustive) for name in COVARIATES if name != "lung"]


@pytest.fixture(scope="module", params=["lung", *OTHERS])
def tried(request, desk_at, tmp_path_factory, csv_of):
    name, variables = request.param, COVARIATES[request.param]
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    answers = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    names = ["trt", *(line.split()[0] for line in variables.splitlines())]
    asked = [
        f'{ties} = {{ kind = "cox", endpoint = "os", ties = "{ties}", univariable = ["trt"], multivariable = {names} }}'
        for ties in ("efron", "breslow")
    ]
    landmarks = answers["km"]["log"]["overall"]["times"]
    asked += [
        f'km-{kind} = {{ kind = "km", endpoint = "os", limits = "{kind}", landmarks = {landmarks}, rho = {rho} }}'
        for kind, rho in RHO.items()
    ]
    taus = [r["tau"] for r in answers["rmst"]]
    asked += [f'rmst = {{ kind = "rmst", endpoint = "os", tau = {taus} }}']
    asked += [f'follow-{kind} = {{ kind = "follow-up", endpoint = "os", limits = "{kind}" }}' for kind in LIMITS[:2]]
    sites = sorted({row["site"] for row in rows})
    desk = desk_at(tmp_path_factory.mktemp(name))
    last = max(int(row["time"]) for row in rows) + 1  # a follow-up that ends at the end of the grid is not reached
    study = study_text(variables, "\n".join(asked), title=name, grid=(1, last))
    desk.writes_study(study.format(sites=sites_text(sites)))
    mapping = 'size = "sizecat"' if name == "rottgbsg" else ""
    for site in sites:
        desk.adds_site(site, [row for row in rows if row["site"] == site], mapping)
    return Tried(desk.tries(), answers)


def name_in_r(term):
    variable = term["variable"]
    return f"size{term['level']}" if variable == "size" else IN_R.get(variable, variable)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(("model", "key"), [("univariable", "trt_strata_site"), ("multivariable", "full_strata_site")])
def test_cox_by_site_equals_coxph_with_strata(tried, ties, model, key):
    found, r = tried.of(ties, model), tried.r["cox"][ties][key]
    assert (found["status"], found["baseline"], found["ties"]) == ("ok", "site", ties)
    assert (found["n"], found["events"]) == (r["n"], r["nevent"])
    names = [name_in_r(term) for term in found["terms"]]
    assert sorted(names) == sorted(r["coef"])
    np.testing.assert_allclose([found["log_likelihood"][k] for k in ("null", "fitted")], r["loglik"], rtol=1e-9)
    for name, term in zip(names, found["terms"], strict=True):
        se = r["se"][name]
        assert abs(term["coef"] - r["coef"][name]) < 1e-9 * se
        assert abs(term["z"] - r["z"][name]) < 1e-8
        assert term["se"] == pytest.approx(se, rel=1e-9)
        assert term["p"] == pytest.approx(r["p"][name], rel=1e-7)
        for ours, theirs in (("hr", "hr"), ("lower", "lower95"), ("upper", "upper95")):
            assert term[ours] == pytest.approx(r[theirs][name], rel=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize(("model", "key"), [("univariable", "trt_strata_site"), ("multivariable", "full_strata_site")])
def test_covariance_and_tests_equal_those_of_coxph(tried, ties, model, key):
    found, r = tried.of(ties, model), tried.r["cox"][ties][key]
    names, r_names = [name_in_r(term) for term in found["terms"]], list(r["coef"])
    at = [r_names.index(name) for name in names]
    vcov = np.array(r["vcov"], dtype=float).reshape(len(at), len(at))[np.ix_(at, at)]
    size = np.sqrt(np.outer(np.diag(vcov), np.diag(vcov)))
    assert (np.abs(np.array(found["covariance"]) - vcov) / size).max() < 2e-9
    for ours, theirs in (("likelihood_ratio", "lrt"), ("score", "score"), ("wald", "wald")):
        test, (chi2, df, p) = found["tests"][ours], r[theirs]
        rounding = 5e-3 if ours == "wald" else 1e-6  # R keeps two decimals of the Wald test
        assert test["chi2"] == pytest.approx(chi2, rel=1e-9, abs=rounding)
        assert test["df"] == df
        if ours != "wald":
            assert test["p"] == pytest.approx(p, rel=1e-7)


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("km-log-log", "log_rank", "trt"),
        ("km-log-log", "log_rank_by_site", "trt_strata_site"),
        ("km-plain", "log_rank", "trt_peto_rho1"),
        ("km-plain", "log_rank_by_site", "trt_strata_site_rho1"),
        ("km-log", "log_rank", "trt_rho0.5"),
    ],
)
def test_log_rank_equals_survdiff(tried, name, ours, theirs):
    found, r = tried.of(name)[ours], tried.r["logrank"][theirs]
    np.testing.assert_allclose(found["observed"], r["obs"], rtol=1e-9)
    np.testing.assert_allclose(found["expected"], r["exp"], rtol=1e-9)
    np.testing.assert_allclose(found["variance"], r["var"], rtol=1e-9)
    assert found["chi2"] == pytest.approx(r["chisq"], rel=1e-9, abs=1e-6)
    assert found["df"] == r["df"]
    assert found["p"] == pytest.approx(r["p"], rel=1e-7)


@pytest.mark.parametrize("kind", LIMITS)
@pytest.mark.parametrize("key", ["overall", "by_trt"])
def test_curves_equal_survfit(tried, as_list, kind, key):
    found = tried.of(f"km-{kind}")
    r = {name: as_list(value) for name, value in tried.r["km"][kind][key].items()}
    arms = [found["overall"]] if key == "overall" else found["arms"]
    assert (found["limits"], found["grid"]["width_days"]) == (kind, 1)
    assert [arm["level"] for arm in arms] == ([None] if key == "overall" else ["false", "true"])
    assert [(arm["n"], arm["events"]) for arm in arms] == list(zip(r["records"], r["events"], strict=True))
    for i, arm in enumerate(arms):
        assert list(arm["median_days"].values()) == [r["median"][i], r["lower"][i], r["upper"][i]]
        for j, quartile in enumerate(arm["quartiles"]):
            theirs = [np.ravel(r[name])[3 * i + j] for name in ("q25_50_75", "q_lower", "q_upper")]
            assert [quartile["estimate"], quartile["lower"], quartile["upper"]] == theirs
        at = slice(i * len(arm["landmarks"]), (i + 1) * len(arm["landmarks"]))
        assert [mark["at_risk"] for mark in arm["landmarks"]] == r["n_risk"][at]
        for ours, theirs in (
            ("survival", "surv"),
            ("std_error", "std_err"),
            ("lower", "ci_lower"),
            ("upper", "ci_upper"),
        ):
            values = [mark[ours] for mark in arm["landmarks"]]
            np.testing.assert_allclose(np.array(values, float), np.array(r[theirs][at], float), rtol=1e-9, atol=1e-14)


def test_cumulative_hazards_equal_survfit(tried):
    r = tried.r["nelson_aalen_by_trt"]
    marks = [mark for arm in tried.of("km-log-log")["arms"] for mark in arm["landmarks"]]
    assert [mark["day"] for mark in marks] == r["times"]
    np.testing.assert_allclose([mark["cumulative_hazard"] for mark in marks], r["cumhaz"], rtol=1e-9)
    np.testing.assert_allclose([mark["cumulative_hazard_std_error"] for mark in marks], r["std_chaz"], rtol=1e-9)


def test_restricted_means_equal_r(tried):
    for r in tried.r["rmst"]:
        found = tried.results[f"rmst/os/all/{r['tau']}"]
        assert found["tau_days"] == r["tau"]
        for key, of_r in (("rmst_days", "rmst"), ("se", "se"), ("lower", "lower"), ("upper", "upper")):
            np.testing.assert_allclose([arm[key] for arm in found["arms"]], r[of_r], rtol=1e-9)
        for key, se in (("difference", "se"), ("ratio", "se_log"), ("rmtl_ratio", "se_log")):
            assert (found[key]["level"], found[key]["against"]) == ("true", "false")
            for own, of_r in (("estimate", "est"), ("se", se), ("lower", "lower"), ("upper", "upper"), ("p", "p")):
                assert found[key][own] == pytest.approx(r[key][of_r], rel=1e-9)


@pytest.mark.parametrize("kind", LIMITS[:2])
def test_quartiles_of_follow_up_equal_r(tried, kind):
    found = tried.of(f"follow-{kind}")
    for groups, key in (([found["overall"]], "overall"), (found["arms"], "by_trt")):
        r = tried.r["follow_up"][kind][key]
        assert [group["n"] for group in groups] == r["n"]
        assert [group["censored"] for group in groups] == r["censored"]
        for own, of_r in (("estimate", "q25_50_75"), ("lower", "q_lower"), ("upper", "q_upper")):
            assert [[quartile[own] for quartile in group["quartiles"]] for group in groups] == r[of_r]
