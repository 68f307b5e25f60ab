"""Two hospitals that signed every exception of their column, each as loose as it may be. A pair of patients still
cannot be told apart; a group of three can, as the exception says."""

from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.admission import own_rows
from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.disclosure.rules import LIMITS
from riskset.protocol.approval import ExceptionSigned
from riskset.stats.cox import evaluate, risk_sets

SITE = "incheon"
BINARY = ("arm", "ecog", "mvi", "male")
MODEL = "cox/os/all/multivariable"
LOOSEST = tuple(
    ExceptionSigned(limit.name, str(floor), "a group of three can be told apart")
    for limit in LIMITS.values()
    if (floor := limit.floor("local", 5)) is not None
)


def case(network, patients, size, exceptions=LOOSEST):
    """A study of two columns that differ in so many patients of one hospital, who agree in nothing by construction."""
    table = patients(SITE, "osaka")
    random = np.random.default_rng(3)
    group = random.choice(np.flatnonzero(table["site"] == SITE), size, replace=False)
    table["z1"] = (random.random(len(table["site"])) < 0.4).astype(float)
    table["z1"][group] = 0
    table["z2"] = table["z1"].copy()
    table["z2"][group] = 1
    analyses = {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": [*BINARY, "z1", "z2"]}}
    two = {"min_sites": 2, "secure_sum": "required"}
    return signed(network(table, analyses, disclosure=two), exceptions), table, group


def signed(network, exceptions, *sites):
    """Has the sites (both) approve with these exceptions."""
    network.exceptions = exceptions
    for site in sites or network.cohorts:
        network.start_site(site)
    return network


def read(network):
    """Returns how many of the group have each attribute, from the totals of the round of pairs alone."""
    pairs = network.until("first").told("admission/pairs")

    def together(a, b):
        a, b = (f"{name} = true (os)" for name in (a, b))
        return pairs.get(f"patients with {a} and {b}", pairs.get(f"patients with {b} and {a}"))

    return [together("z2", name) - together("z1", name) for name in BINARY]


def broken(network, site=SITE):
    """Returns the limits that the site's own rows do not meet, by its journal."""
    of_site = [verdict for sent in network.journals[site].sent["run"] for verdict in sent.verdicts]
    return {verdict["limit_name"] for verdict in of_site if verdict["verdict"] != "pass"}


def test_two_columns_that_differ_in_a_pair_are_refused_with_every_exception_signed(network, patients, rules):
    rules.off("R2")
    bare, table, pair = case(network, patients, 2)
    assert read(bare) == [table[name][pair].sum() for name in BINARY]
    rules.on()
    gated, *_ = case(network, patients, 2)
    result = gated.run().results[MODEL]
    assert isinstance(result, RefusedByRule)
    assert broken(gated) == {"R2.leverage"}
    assert gated.told("admission/pairs") is None


def test_a_group_of_three_can_be_told_apart_where_both_signed_so(network, patients):
    honest, table, three = case(network, patients, 3)
    assert read(honest) == [table[name][three].sum() for name in BINARY]
    assert isinstance(honest.run().results[MODEL], CoxFit)


@pytest.mark.parametrize("signs", [(), (SITE,), ("osaka",)], ids=["neither", "its_own", "the_other"])
def test_a_group_of_three_is_refused_where_not_both_signed(network, patients, signs):
    without = tuple(one for one in LOOSEST if one.limit != "R2.leverage")
    gated, *_ = case(network, patients, 3, without)
    if signs:
        signed(gated, LOOSEST, *signs)
    result = gated.run().results[MODEL]
    assert isinstance(result, RefusedByRule)
    assert broken(gated) == {"R2.leverage"}


class TestNumberOfAPair:
    """A number that is close to 0 for everyone but two patients: no yes-no column marks them, so R2 sees nothing. R4
    does, without its own exception and with one below 1/2 - 1/n."""

    def case(self, network, patients, r4, spread=0.001, others=BINARY):
        table = patients(SITE, "osaka")
        pair = np.flatnonzero(table["site"] == SITE)[[7, 11]]
        table["rare"] = np.random.default_rng(1).normal(0, spread, len(table["site"]))
        table["rare"][pair] = 500.0
        analyses = {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": [*others, "rare"]}}
        two = {"min_sites": 2, "secure_sum": "required"}
        exceptions = [one for one in LOOSEST if one.limit != "R4.leverage"]
        exceptions += [ExceptionSigned("R4.leverage", r4, "a rare value")] if r4 else []
        return signed(network(table, analyses, disclosure=two), tuple(exceptions)), table, pair

    @pytest.mark.parametrize("r4", [None, "9/20"])
    def test_a_pair_with_a_number_of_its_own(self, network, patients, rules, r4):
        rules.off("R4")
        bare, table, pair = self.case(network, patients, r4)
        here = table["site"] == SITE
        products = bare.until("first").told("admission/products")
        for name in BINARY:
            seen = products[f"centred product of {name} = true (os) and rare (os)"] * 1000 / 500
            assert seen == pytest.approx((table[name][pair] - table[name][here].mean()).sum(), abs=0.01)
        rules.on()
        gated, *_ = self.case(network, patients, r4)
        assert isinstance(gated.run().results[MODEL], RefusedByRule)
        assert broken(gated) == {"R4.leverage"}
        assert gated.told("admission/products") is None

    def test_a_number_that_everybody_has_passes(self, network, patients):
        honest, *_ = self.case(network, patients, None, spread=200.0)
        assert isinstance(honest.run().results[MODEL], CoxFit)

    @pytest.mark.parametrize(("r4", "passes"), [("9/20", False), ("1/2", True)])
    def test_in_a_model_of_nothing_else_the_loosest_exception_lets_the_pair_pass(self, network, patients, r4, passes):
        """As the threat model says. Further columns add to the leverage of the two."""
        alone, *_ = self.case(network, patients, r4, others=())
        assert isinstance(alone.run().results[MODEL], RefusedByRule) != passes


class TestTwoEndpoints:
    """Two endpoints differ in the event of one patient here, and of eight at the other hospital, which subtracts its
    own sums."""

    IDS = (MODEL, "cox/other/all/multivariable")

    def case(self, network, patients, here):
        table = patients(SITE, "osaka")
        models = {
            name: {"kind": "cox", "endpoints": [name], "multivariable": ["ecog", "mvi"]} for name in ("os", "other")
        }
        everybody = np.ones(len(table["site"]), bool)
        two = {"min_sites": 2, "secure_sum": "required"}
        made = network(table, models, dict.fromkeys(("os", "other"), everybody), disclosure=two)
        for site, n in ((SITE, here), ("osaka", 8)):
            cohort = made.cohorts[site]
            rows = cohort.analysis_sets["other"]
            lacking = np.isin(np.arange(rows.n), np.flatnonzero(rows.event)[:n])
            sets = cohort.analysis_sets | {"other": replace(rows, event=rows.event & ~lacking)}
            made.cohorts[site] = replace(cohort, analysis_sets=sets)
            made.rows[site] = made.marks(site)
        victim = np.flatnonzero(made.cohorts[SITE].analysis_sets["os"].event)[0]
        row = [made.cohorts[SITE].analysis_sets["os"].variables[name][victim] for name in ("ecog", "mvi")]
        return signed(made, LOOSEST), row

    def score_here(self, network, endpoint, name):
        """What is left of the total slope at 0 after the other hospital's own."""
        id_ = f"cox/{endpoint}/all/multivariable"
        first = next(one.numbers[id_] for one in network.reads() if id_ in one.numbers)
        columns = network.history().results[f"moments/{endpoint}"].columns
        sd = {column.variable: of.sd for column, of in columns.items()}[name]
        rows = network.cohorts["osaka"].analysis_sets[endpoint]
        own = evaluate(risk_sets(rows.variables[name][:, None], rows.days, rows.event), [0.0])
        return first[f"slope in {name} = true"] * sd - own.score[0]

    def test_that_differ_in_one_of_its_patients(self, network, patients, monkeypatch):
        monkeypatch.setattr(own_rows, "_hiding", lambda policy, figures: figures)
        bare, row = self.case(network, patients, 1)
        bare.run()
        of_both = [[self.score_here(bare, endpoint, name) for name in ("ecog", "mvi")] for endpoint in ("os", "other")]
        assert [float(a > b) for a, b in zip(*of_both, strict=True)] == row
        monkeypatch.undo()
        gated, _ = self.case(network, patients, 1)
        refused = gated.run().results[self.IDS[1]]
        assert (refused.rule, refused.by) == ("R2", "a site")

    @pytest.mark.exhaustive
    def test_that_differ_in_enough_of_both_hospitals_pass(self, network, patients):
        honest, _ = self.case(network, patients, 5)
        results = honest.run().results
        assert all(isinstance(results[id_], CoxFit) for id_ in self.IDS)
