"""R14 by another name: a follow-up or a covariate of one patient is corrected, and a new version of the study calls the
same content something else, so that nobody would ask about it."""

import json
from dataclasses import replace

import numpy as np
import pytest

from riskset.errors import Refused
from riskset.protocol.journal import TEXT, VALUE

FEW = ("busan", "daegu", "tokyo")
BINARY = ("arm", "ecog", "mvi", "male")


def model(endpoint, *covariates):
    return {"cox": {"kind": "cox", "endpoints": [endpoint], "multivariable": list(covariates or BINARY)}}


def everybody(table):
    return np.ones(len(table["site"]), bool)


def first_run(network, table, endpoint="os", covariates=BINARY):
    """A run counts from its first number."""
    return network(table, model(endpoint, *covariates), {endpoint: everybody(table)}, run="one").goes(2)


def later(network, table, before, endpoint, covariates=BINARY):
    """The sites' second version of the study, over the same keys and journals."""
    made = network(table, model(endpoint, *covariates), {endpoint: everybody(table)}, run="two", version="2")
    return made.inherits(before).again("two", earlier=["one"])


def result_of(made, endpoint):
    return made.run().results[f"cox/{endpoint}/all/multivariable"]


def passes(made):
    made.until("admission/counts")
    return made.told("admission/changes") is not None


def alive(made, site="tokyo", endpoint="os"):
    return int(np.flatnonzero(~made.cohorts[site].analysis_sets[endpoint].event)[5])


def corrected(table, site="tokyo", name="mvi", patient=7):
    """The table with one yes-no value of one patient turned round."""
    values = table[name].copy()
    at = np.flatnonzero(table["site"] == site)[patient]
    values[at] = 1 - values[at]
    return {**table, name: values}


def renamed(table, **names):
    return {names.get(name, name): values for name, values in table.items()}


class TestR14ByRenaming:
    def test_an_endpoint_with_another_name(self, network, patients, rules):
        table = patients(*FEW)
        rules.off("R14")
        bare = first_run(network, table)
        second = later(network, table, bare, "overall").updates("tokyo", alive(bare), event=1)
        assert passes(second.again("two", earlier=["one"]))
        rules.on()
        gated = first_run(network, table)
        second = later(network, table, gated, "overall").updates("tokyo", alive(gated), event=1)
        result = result_of(second.again("two", earlier=["one"]), "overall")
        assert (result.rule, result.by) == ("R14", "all")
        assert second.told("admission/counts") is None

    def test_a_variable_with_another_name(self, network, patients):
        table = patients(*FEW)
        before = first_run(network, table)
        other = renamed(corrected(table), mvi="invasion")
        assert result_of(later(network, other, before, "os", ("arm", "ecog", "invasion", "male")), "os").rule == "R14"

    def test_two_variables_that_exchange_their_names(self, network, patients):
        """Compared by name, nearly every patient would have changed, and the one would be hidden among them."""
        table = patients(*FEW)
        before = first_run(network, table)
        other = renamed(corrected(table), mvi="ecog", ecog="mvi")
        assert result_of(later(network, other, before, "os"), "os").rule == "R14"

    def test_both_at_once(self, network, patients):
        table = patients(*FEW)
        before = first_run(network, table)
        other = renamed(table, mvi="invasion", ecog="performance")
        second = later(network, other, before, "overall", ("arm", "performance", "invasion", "male"))
        second.updates("tokyo", alive(before), days=4000).again("two", earlier=["one"])
        assert result_of(second, "overall").rule == "R14"

    @pytest.mark.parametrize("endpoint", ["os", "overall"])
    def test_other_names_and_nothing_changed_pass(self, network, patients, endpoint):
        table = patients(*FEW)
        before = first_run(network, table)
        other = renamed(table, mvi="invasion")
        second = later(network, other, before, endpoint, ("arm", "ecog", "invasion", "male", "viral"))
        assert passes(second)

    def test_another_name_and_five_changes_at_three_sites_pass(self, network, patients):
        table = patients(*FEW)
        before = first_run(network, table)
        second = later(network, table, before, "overall")
        for site in FEW:
            for patient in (1, 2):
                days = second.cohorts[site].analysis_sets["overall"].days[patient] + 1
                second.updates(site, patient, days=days)
        assert passes(second.again("two", earlier=["one"]))

    def test_columns_that_the_export_has_under_another_header(self, network, patients, rules):
        """All of a site's own patients must be the same then: a study chooses which columns are nearly the same."""

        def site_has(made, header):
            for site, rows in made.rows.items():
                sources = [json.dumps([header if field.source == "os" else field.source]) for field in rows.fields]
                fields = [replace(field, source=source) for field, source in zip(rows.fields, sources, strict=True)]
                made.rows[site] = replace(rows, fields=tuple(fields))
                made.start_site(site)
            return made

        def second(is_changed):
            table = patients(*FEW)
            before = network(table, model("os"), {"os": everybody(table)}, run="one")
            site_has(before, "os").goes(2)
            made = later(network, table, before, "os")
            if is_changed:
                made.updates("tokyo", alive(before), event=1)
            return site_has(made, "os_2026").again("two", earlier=["one"])

        rules.off("R14")
        assert passes(second(is_changed=True))
        rules.on()
        result = result_of(second(is_changed=True), "os")
        assert (result.rule, result.by) == ("R14", "a site")
        assert passes(second(is_changed=False))

    def test_a_study_with_another_id(self, network, patients):
        """The coordinator would not have to name the runs of the other study."""
        table = patients(*FEW)
        other = {"study": {"id": "another", "version": "1", "title": {"en": "Another trial"}}}
        for earlier, refusal in (([], "earlier"), (["one"], "R14")):
            before = first_run(network, table)
            second = network(table, model("os"), {"os": everybody(table)}, run="two", **other).inherits(before)
            second.updates("tokyo", alive(before), event=1).again("two", earlier=earlier)
            if earlier:
                assert result_of(second, "os").rule == refusal
                continue
            with pytest.raises(Refused) as no:
                second.run()
            assert no.value.code == refusal


class TestColumnsThatDifferInOnePatient:
    """The one in a first version of the study, the other in a second: nearly all patients have the same values, so they
    count as one column, in which the one patient changed."""

    def versions(self, network, table, is_export):
        victim = int(np.flatnonzero(table["site"] == "tokyo")[5])
        everyone = np.arange(len(table["site"]))
        z = (np.random.default_rng(3).random(len(everyone)) < 0.4).astype(float)
        z[victim] = 0.0
        runs = []
        for run, name, values in (("one", "z1", z), ("two", "z2", z + (everyone == victim))):
            made = network({**table, name: values}, model("os", "ecog", "mvi", "male", name), run=run)
            if runs:
                made.inherits(runs[0])
            for site, rows in made.rows.items() if is_export else ():
                cells = [
                    replace(field, source=json.dumps([field.source]), what=TEXT if field.what == VALUE else field.what)
                    for field in rows.fields
                ]
                made.rows[site] = replace(rows, fields=tuple(cells))
                made.start_site(site)
            made.again(run)
            runs.append(made)
            made.run()
        return victim, *runs

    def seen(self, one, two):
        """Products with z2 less those with z1."""
        products = []
        for made, run, name in ((one, "one", "z1"), (two, "two", "z2")):
            made.run_id = run
            pairs = made.told("admission/pairs")
            products.append([pairs[f"patients with {a} = true (os) and {name} = true (os)"] for a in BINARY[1:]])
        return [b - a for a, b in zip(*products, strict=True)]

    @pytest.mark.parametrize("is_export", [False, True])
    def test_over_two_versions_of_the_study(self, network, patients, rules, is_export):
        table = patients(*FEW)
        rules.off("R14")
        victim, one, two = self.versions(network, table, is_export)
        assert self.seen(one, two) == [table[name][victim] for name in BINARY[1:]]
        rules.on()
        _, _, two = self.versions(network, table, is_export)
        two.run_id = "two"
        result = result_of(two, "os")
        assert (result.rule, result.by) == ("R14", "a site")
        assert two.told("admission/pairs") is None
