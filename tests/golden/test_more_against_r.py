"""What else R answers equals a study of the data set: `oracle.R` and `more/oracle_more.R`, key by key.

The way is a stranger's: CSV files and a study file, `riskset study try`, results.json. A study over the sites equals R
with `strata(site)`; one in which all patients are at one site equals R without strata. Tolerances as in
`test_cox_against_r`.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from tests.golden.more.studies import DATA, Data, at_one_site, by_site, in_both, prepared, study_of, weighted

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Tried:
    """The results of a study, R's answers in both files, and the data."""

    results: list
    r: dict
    more: dict
    data: Data

    def of(self, analysis, **keys):
        """The one result of an analysis that has these keys."""
        (found,) = (
            one
            for one in self.results
            if one["analysis"] == analysis and all(one[key] == value for key, value in keys.items())
        )
        return found

    def name(self, term):
        return self.data.in_r[term["variable"]]


@pytest.fixture(
    scope="module", params=["lung", *(pytest.param(x, marks=pytest.mark.exhaustive) for x in ("rottgbsg", "pbc3"))]
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def tries(name, csv_of, desk_at, tmp_path_factory):
    """Returns a function that tries a study of the data set, all at `one` site or at its own."""
    data, names = DATA[name], list(DATA[name].in_r)
    with csv_of(name).open(encoding="utf-8", newline="") as file:
        rows = prepared(name, list(csv.DictReader(file)))
    r, more = (json.loads((HERE / folder / f"{name}.json").read_text(encoding="utf-8")) for folder in (".", "more"))

    def tries(one=None, entries=None):
        if entries is None:
            own = at_one_site(names, r) if one else by_site(names, data.subgroups, more)
            entries = in_both(names, data.subgroups) | own
        by_name = {one: rows} if one else {site: [] for site in sorted({row["site"] for row in rows})}
        for row in [] if one else rows:
            by_name[row["site"]].append(row)
        desk = desk_at(tmp_path_factory.mktemp(name))
        desk.writes_study(study_of(name, rows, by_name, entries))
        for site, of in by_name.items():
            desk.adds_site(site, of, data.mapping)
        return Tried(list(desk.tries("--may-be-told-alone").values()), r, more, data)

    return tries


@pytest.fixture(scope="module")
def one(tries):
    return tries("one")


@pytest.fixture(scope="module")
def sites(tries):
    return tries()


def close(found, expected, digits=1e-9):
    assert found == pytest.approx(expected, rel=digits, abs=1e-12)


def same_effect(found, coef, se):
    """Both in the unit of R's standard error."""
    assert abs(found["coef"] - coef) < 1e-9 * se
    assert found["se"] == pytest.approx(se, rel=1e-9)


def same_chi2(found, chi2, p=None):
    assert found["chi2"] == pytest.approx(chi2, rel=1e-9, abs=1e-6)
    if p is not None:
        assert found["p"] == pytest.approx(p, rel=1e-7, abs=1e-6 if chi2 < 1e-3 else 0)


def same_fit(tried, found, r):
    """A model of `oracle.R` without robust errors."""
    assert (found["n"], found["events"]) == (r["n"], r["nevent"])
    close([found["log_likelihood"][key] for key in ("null", "fitted")], r["loglik"])
    for term in found["terms"]:
        name = tried.name(term)
        same_effect(term, r["coef"][name], r["se"][name])
    for key, of_r in (("likelihood_ratio", "lrt"), ("score", "score")):
        same_chi2(found["tests"][key], *r[of_r][::2])


def same_robust(tried, found, r):
    for term in found["terms"]:
        name = tried.name(term)
        naive = r.get("naive_se", r.get("se"))[name]
        same_effect(term, r["coef"][name], naive)
        close(term["robust_se"], r["robust_se"][name])


def same_zph(tried, found, r):
    for transform, of_r in r.items():
        if "error" in of_r:
            assert found[transform]["reason"]
            continue
        tests = {tried.name(test): test for test in found[transform]["terms"]} | {"GLOBAL": found[transform]["global"]}
        for name, chi2, df, p in zip(of_r["terms"], *(of_r[key] for key in ("chisq", "df", "p")), strict=True):
            assert tests[name]["df"] == df
            same_chi2(tests[name], chi2, p)


def same_concordance(found, r):
    close((found["estimate"], found["se"]), (r["C"], r["se"]))
    assert found["pairs"] == sum(r["counts"][key] for key in ("concordant", "discordant", "tied.x"))


def same_groups(tried, analysis, r, key=None):
    """Each subgroup by its own model, by the model with the interaction, and the tests of the interaction."""
    for variable, answers in r.items():
        expected = answers if key is None else answers[key]
        found = tried.of(analysis, variable=variable)
        for level, name in zip(found["levels"], ("g0", "g1"), strict=True):
            assert (level["n"], level["events"]) == (expected[name]["n"], expected[name]["nevent"])
            same_effect(level, expected[name]["coef"], expected[name]["se"])
        likelihood, wald = found["interaction"]["likelihood_ratio"], found["interaction"]["wald"]
        same_chi2(likelihood, expected.get("interaction_lrt", expected.get("lrt")))
        same_chi2(wald, (expected["interaction_coef"] / expected["interaction_se"]) ** 2)
        close(wald["p"], expected.get("interaction_wald_p", expected.get("wald_p")), 1e-7)
        if "within_model" in expected:
            within = expected["within_model"]
            for level, number in zip(found["levels"], "01", strict=True):
                same_effect(level["interaction_model"], within[f"hr{number}"], within[f"se{number}"])


def same_shares(found, r):
    assert [[level["n"] for level in arm["levels"]] for arm in found["arms"][:2]] == r["counts"]
    for key, of_r in (("chi2", "chisq"), ("chi2_yates", "chisq_yates")):
        same_chi2(found["tests"][key], r[of_r]["stat"], r[of_r]["p"])
    same_fisher(found["tests"]["fisher"], r["fisher"])
    close(found["smd"][0]["value"], abs(r["smd_prop"]))


def same_fisher(found, r):
    """R's own search for the odds ratio and its limits stops at 1.3e-4, `.Machine$double.eps^0.25`."""
    close(found["p"], r["p"], 1e-7)
    values = [found[key] for key in ("odds_ratio", "lower", "upper")]
    assert values == pytest.approx([r["or"], *r["ci"]], rel=1e-4, abs=1.3e-4)


def same_means(found, r):
    arms = found["arms"][:2]
    for key in ("mean", "sd"):
        close([arm[key] for arm in arms], r[key])
    smd = {one["definition"]: one["value"] for one in found["smd"]}
    close(smd["pooled sd"], r["smd_sample_var"])
    for key, of_r in (("t", "t_pooled"), ("welch", "t_welch")):
        test, expected = found["tests"][key], r[of_r]
        close((test["t"], test["df"]), (expected["t"], expected["df"]))
        close(test["p"], expected["p"], 1e-7)
    for key in ("van_elteren", "kruskal_wallis_by_site"):  # of one site, Kruskal and Wallis's own
        same_chi2(found["tests"][key], r["kruskal"]["stat"], r["kruskal"]["p"])
    back = {"log": np.exp, "log1p": np.expm1}.get(found["scale"], np.asarray)
    for key, of_r in (("p25", "q1"), ("p50", "median"), ("p75", "q3")):
        for arm, expected in zip(arms, back(r[of_r]), strict=True):
            assert arm["quartiles"][key] == pytest.approx(expected, abs=arm["quartiles"]["width"] + 1e-9)


METHODS = {
    "fixed": ("FE", 1e-9),
    "dersimonian_laird": ("DL", 1e-9),
    "reml": ("REML", 1e-5),
    "paule_mandel": ("PM", 1e-5),
}
"""With the digits to which metafor solves for the variance between sites."""


class TestOneSite:
    """All patients at one site: R without strata."""

    @pytest.mark.parametrize("ties", ["efron", "breslow"])
    def test_models_equal_coxph(self, one, ties):
        analysis, r = "e_value" if ties == "efron" else ties, one.r["cox"][ties]
        same_fit(one, one.of(analysis, model="multivariable"), r["full"])
        for variable, name in one.data.in_r.items():
            expected = r["univariate_trt"] if name == "trt" else r["univariate_all"][name]
            same_fit(one, one.of(analysis, model="univariable", covariates=[variable]), expected)

    @pytest.mark.parametrize("ties", ["efron", "breslow"])
    def test_robust_errors_equal_those_of_coxph(self, one, ties):
        same_robust(one, one.of(ties, model="multivariable"), one.r["cox"][ties]["full_robust_id"])

    def test_tests_of_proportional_hazards_equal_cox_zph(self, one):
        same_zph(one, one.of("efron")["ph_test"], one.r["zph"]["full"])

    def test_concordance_equals_r(self, one):
        same_concordance(one.of("efron")["concordance"], one.more["concordance"]["unstratified"])

    def test_e_values_equal_the_formula(self, one):
        found, r = one.of("e_value", model="multivariable")["e_value"][0], one.r["evalue"]
        assert found["variable"] == "trt"
        outcome = found["outcome"]
        close((found["estimate"], found["limit"]), (r[f"{outcome}_outcome"], r[f"ci_{outcome}"]))

    def test_subgroups_equal_coxph(self, one):
        same_groups(one, "crude", {key: one.r["subgroups"][key] for key in one.data.subgroups})

    def test_site_as_a_covariate_equals_coxph(self, one):
        """Where R's own fit ends: with few patients at a site its coefficient runs away."""
        found, r = one.of("site"), one.r["cox"]["efron"]["full_site_fixed"]
        if max(map(abs, r["coef"].values())) > 5:
            assert found["status"] == "not estimable"
            assert found["reason"]["code"] == "separated"
            return
        for term in found["terms"]:
            name = f"site{term['level']}" if term["variable"] == "place" else one.name(term)
            same_effect(term, r["coef"][name], r["se"][name])

    def test_table1_equals_r(self, one):
        by_name = {variable["variable"]: variable for variable in one.of("table1")["variables"]}
        for variable, name in one.data.in_r.items():
            if variable != "trt":
                found, r = by_name[variable], one.r["table1"][name]
                if r["binary"] and found["type"] == "boolean":
                    same_shares(found, r)
                else:
                    same_means(found, r)

    def test_restricted_means_equal_the_formula(self, one):
        found, r = one.of("rmst"), one.more["rmst"]
        close([arm["rmst_days"] for arm in found["arms"]], r["rmst"])
        close([arm["se"] for arm in found["arms"]], r["se"])
        for key in ("difference", "ratio", "rmtl_ratio"):
            for own, of_r in (("estimate", "est"), ("lower", "lower"), ("upper", "upper"), ("p", "p")):
                if of_r in r[key]:
                    close(found[key][own], r[key][of_r])
        old = one.r["rmst_diff"]
        close([found["difference"][key] for key in ("estimate", "se", "p")], [old[key] for key in ("diff", "se", "p")])

    @pytest.mark.parametrize(("analysis", "limits"), [("follow_log", "log"), ("follow_log_log", "log-log")])
    def test_follow_up_equals_the_reversed_curve(self, one, analysis, limits):
        found, r = one.of(analysis), one.more["reverse_km"][limits]
        for groups, key in (([found["overall"]], "overall"), (found["arms"], "by_trt")):
            for own, of_r in (("estimate", "quantile"), ("lower", "lower"), ("upper", "upper")):
                expected = (
                    np.array(r[key][of_r], float).reshape(-1, 3)
                    if key == "by_trt"
                    else np.array(r[key][of_r], float).reshape(1, 3)
                )
                for group, values in zip(groups, expected, strict=True):
                    assert [quartile[own] for quartile in group["quartiles"]] == [
                        None if np.isnan(v) else v for v in values
                    ]


@pytest.fixture(scope="module")
def weights(tries, name):
    return tries(entries=weighted(list(DATA[name].in_r)))


@pytest.mark.exhaustive
class TestWeights:
    """The sites of the data set, with case weights: R with `strata(site)` and `weights`."""

    @pytest.mark.parametrize("ties", ["efron", "breslow"])
    def test_models_equal_coxph(self, weights, ties):
        r, end = weights.more["cox_strata_site"][ties], "" if ties == "efron" else "_breslow"
        for key in ("robust", "cluster_site", "trt_robust"):
            same_robust(weights, weights.of(f"{key}{end}"), r[f"weighted_{key}"])
        found, expected = weights.of(f"naive{end}"), r["weighted_naive"]
        assert (found["n"], found["events"], found["events_reason"]["code"]) == (expected["n"], None, "weighted")
        close([found["log_likelihood"][key] for key in ("null", "fitted")], expected["loglik"])
        for term in found["terms"]:
            name = weights.name(term)
            same_effect(term, expected["coef"][name], expected["se"][name])
        for key, of_r in (("likelihood_ratio", "lrt"), ("score", "score")):
            same_chi2(found["tests"][key], *expected[of_r][::2])

    def test_tests_of_proportional_hazards_equal_cox_zph(self, weights):
        same_zph(weights, weights.of("robust")["ph_test"], weights.more["zph_strata_site"]["weighted_efron"])


@pytest.mark.exhaustive
class TestSites:
    """The sites of the data set: R with `strata(site)`, and the sites apart."""

    @pytest.mark.parametrize("ties", ["efron", "breslow"])
    def test_robust_errors_by_site_equal_those_of_coxph(self, sites, ties):
        r = sites.more["cox_strata_site"][ties]
        same_robust(sites, sites.of(ties), r["robust_id"])
        same_robust(sites, sites.of("alone" if ties == "efron" else "alone_breslow"), r["trt_robust_id"])
        by_site = sites.of("by_site" if ties == "efron" else "by_site_breslow")
        same_robust(sites, by_site, r["cluster_site"])
        same_robust(sites, by_site, sites.r["cox"][ties]["full_strata_cluster_site"])

    @pytest.mark.parametrize("ties", ["efron", "breslow"])
    def test_tests_of_proportional_hazards_equal_cox_zph(self, sites, ties):
        same_zph(sites, sites.of(ties)["ph_test"], sites.more["zph_strata_site"][ties])
        if ties == "efron":
            same_zph(sites, sites.of(ties)["ph_test"], sites.r["zph"]["full_strata_site"])

    def test_concordance_within_sites_equals_r(self, sites):
        same_concordance(sites.of("efron")["concordance"], sites.more["concordance"]["strata_site"])

    def test_subgroups_equal_coxph_with_strata(self, sites):
        same_groups(sites, "crude", sites.more["subgroups_strata_site"], "unadjusted")
        same_groups(sites, "adjusted", sites.more["subgroups_strata_site"], "adjusted")

    def test_a_model_after_the_landmark_equals_coxph(self, sites):
        found, r = sites.of("landmark"), sites.more["landmark"]
        assert (found["n"], found["events"], found["landmark_days"]) == (r["n"], r["nevent"], r["at"])
        same_effect(found["terms"][0], r["coef"], r["se"])

    def test_rates_equal_r(self, sites):
        r = sites.more["binary"]
        (rate,) = sites.of("early", id="response/all")["rates"]
        assert [[arm["n"], arm["of"]] for arm in rate["arms"]] == [
            list(pair) for pair in zip(r["x"], r["n"], strict=True)
        ]
        for key in ("clopper_pearson", "wilson"):
            for arm, expected in zip(rate["arms"], r[key].values(), strict=True):
                close([arm[key]["lower"], arm[key]["upper"]], expected)
        for key, of_r in (
            ("difference", "newcombe10"),
            ("odds_ratio", "odds_ratio_wald"),
            ("risk_ratio", "risk_ratio_log"),
        ):
            close([rate[key][name] for name in ("estimate", "lower", "upper")], list(r[of_r].values()))
        same_fisher(rate["fisher"], r["fisher"])

    def test_rates_within_sites_equal_r(self, sites):
        r = sites.more["binary"]
        (rate,) = sites.of("early", id="response/all/by-site")["rates"]
        cmh, test = rate["comparisons"][0]["cmh"], rate["comparisons"][0]["breslow_day"]
        assert cmh["sites"] == r["cmh"]["informative"]
        for found, key in ((cmh, ""), (cmh["corrected"], "_corrected")):
            same_chi2(found, r["cmh"][f"stat{key}"], r["cmh"][f"p{key}"])
        close([cmh["odds_ratio"][key] for key in ("estimate", "lower", "upper")], [r["cmh"]["or"], *r["cmh"]["ci"]])
        close(cmh["risk_difference_informative"]["estimate"], r["cmh"]["risk_difference_mh"])
        assert test["df"] == r["breslow_day"]["df"]
        same_chi2(test, r["breslow_day"]["stat"], r["breslow_day"]["p"])
        same_chi2(test["tarone"], r["breslow_day"]["tarone"], r["breslow_day"]["tarone_p"])

    def test_estimates_of_sites_equal_r(self, sites):
        """`oracle_more.R` has the sites with an event in each arm, a fit that converged and an error up to 10."""
        own = {one["site"]: one for one in sites.of("sites")["sites"]}
        for key in ("coef", "n", "events"):
            assert all(key in one for one in own.values())
        for r in sites.more["site_meta2"]["per_site"]:
            same_effect(own[r["site"]], r["coef"], r["se"])
            assert (own[r["site"]]["n"], own[r["site"]]["events"]) == (r["n"], r["events"])
        assert {name for name, one in own.items() if one["coef"] is not None} == {
            r["site"] for r in sites.more["site_meta2"]["per_site"]
        }

    @pytest.mark.parametrize("method", METHODS)
    def test_combined_estimates_equal_metafor(self, sites, method):
        (key, digits), r = METHODS[method], sites.more["site_meta2"]
        found = sites.of("sites")
        pairs = [(found[method], r[key])]
        if method != "fixed":
            pairs += [(found[method]["hartung_knapp"], r[f"{key}_HK"])]
            close((found[method]["tau2"], found[method]["i2"]), (r[key]["tau2"], r[key]["I2"]), digits)
        for mine, expected in pairs:
            for own, of_r in (("coef", "est"), ("se", "se"), ("lower", "lower"), ("upper", "upper"), ("p", "p")):
                close(mine[own], expected[of_r], digits)
            if method != "fixed" and found["sites_combined"] > 2:
                limits = [mine["prediction"][own] for own in ("lower", "upper")]
                close(limits, [expected["pi_lower"], expected["pi_upper"]], digits)
        close((found["q"]["chi2"], found["q"]["p"]), (r[key]["Q"], r[key]["Qp"]), 1e-7)

    def test_treatment_by_site_equals_r(self, sites):
        found = sites.of("sites")["treatment_by_site"]["likelihood_ratio"]
        for r in (sites.more["site_by_treatment"], sites.r["site_interaction_lrt"]):
            assert found["df"] == r["df"]
            assert found["chi2"] == pytest.approx(r["chisq"], abs=1e-6)
            assert found["p"] == pytest.approx(r["p"], rel=1e-6)

    def test_the_model_without_a_site_equals_coxph(self, sites):
        for found in sites.of("without")["leave_one_out"]:
            if found["coef"] is not None:
                r = sites.more["leave_one_site_out"][found["without"]]
                same_effect(found, r["coef"], r["se"])
                assert (found.get("n", r["n"]), found.get("events", r["nevent"])) == (r["n"], r["nevent"])
            else:
                assert found["reason"]["rule"] == "R13"

    def test_levels_and_their_tests_equal_r(self, sites):
        (r,) = sites.more["categories"].values()
        found = sites.of("table1")["variables"][-1]
        assert [[level["n"] for level in arm["levels"]] for arm in found["arms"][:2]] == r["counts"]
        same_chi2(found["tests"]["chi2"], r["chisq"], r["p"])
        assert found["tests"]["chi2"]["df"] == r["df"]
        close(found["smd"][0]["value"], r["smd_yang_dalton"])
        if r["fisher_p"] is not None and found["tests"]["fisher"]["p"] is not None:
            close(found["tests"]["fisher"]["p"], r["fisher_p"], 1e-7)

    def test_arms_by_site_equal_r(self, sites):
        found, r = sites.of("places")["variables"][-1], sites.r["table1_site_by_trt"]
        same_chi2(found["tests"]["chi2" if r["df"] > 1 else "chi2_yates"], r["chisq"], r["p"])  # as chisq.test() has it
