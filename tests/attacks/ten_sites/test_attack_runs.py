"""Runs compared with each other: with and without a site, before and after a patient's record changed, before and after
a disk was set back. With the rule off the difference is one site's sum, or one patient; with it on the run is refused;
the nearest honest run is answered."""

import copy
from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.analysis import RefusedByRule
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.errors import Refused
from riskset.protocol.journal import RowMarks
from riskset.secure import fixed_point
from riskset.secure.envelope import verify

FEW = ("busan", "daegu", "tokyo", "osaka", "gwangju")
SEVEN = (*FEW, "incheon", "jeju")
MODEL = "cox/os/all/multivariable"
BINARY = ("arm", "ecog", "mvi", "male")
UPDATED = 8


def counts(network):
    """Events and patients by column, over the participants of the run that is going."""
    return {
        label: x
        for label, x in network.told("admission/counts").items()
        if label.startswith(("events of ", "patients with "))
    }


def of_sites(network, *sites):
    """The truth of `counts` for some sites."""
    here = np.isin(network.patients["site"], sites)
    columns = {f"patients with {name} = true (os)": network.patients[name][here].sum() for name in BINARY}
    return {"events of os": network.patients["dead"][here].sum(), **columns}


def combined(terms):
    """Returns the combination of counts: `terms` are (factor, counts)."""
    names = of_names(terms[0][1])
    return {name: sum(factor * found[name] for factor, found in terms) for name in names}


def of_names(found):
    return [name for name in found if not name.startswith("whether") and "age" not in name]


def pair(*names):
    """The label of the patients with two columns, in the order of the model."""
    a, b = (f"{name} = true (os)" for name in sorted(names, key=("arm", "age", "ecog", "mvi", "male").index))
    return f"patients with {a} and {b}"


def refused(network, code):
    """Some site says no with `code`, in the first round after the opening or in it; none has sent a number."""
    with pytest.raises(Refused) as no:
        network.run()
    assert no.value.code == code
    assert all(len(journal.kept.get(network.run_id, ())) < 3 for journal in network.journals.values())
    return True


class TestSubtractedSites:
    def test_a_claimed_drop_out_and_a_second_run(self, network, patients, rules):
        rules.off("R13")
        bare = network(patients(*FEW), run="one").until("admission/pairs")
        first = counts(bare)
        bare.again("two", [site for site in FEW if site != "osaka"]).until("admission/pairs")
        assert combined([(1, first), (-1, counts(bare))]) == of_sites(bare, "osaka")
        rules.on()
        gated = network(patients(*FEW), run="one").until("admission/pairs")
        refused(gated.again("two", [site for site in FEW if site != "osaka"]), "subtraction")

    def test_a_run_that_never_ended_counts_from_its_first_number(self, network, patients):
        gated = network(patients(*FEW), run="one").until("admission/counts")
        refused(gated.again("two", FEW[:4]), "subtraction")

    def test_a_second_run_of_the_same_sites_passes(self, network, patients):
        honest = network(patients(*FEW), run="one")
        first = honest.run().results[MODEL]
        assert honest.again("two").run().results[MODEL] == first

    def test_a_run_that_was_opened_only_does_not_count(self, network, patients):
        """A hospital that left before a number left it was in no sum."""
        honest = network(patients(*FEW), run="one").goes(1)
        assert isinstance(honest.again("two", FEW[:4], earlier=["one"]).run().results[MODEL], CoxFit)

    def test_four_runs_that_isolate_one_site_by_combination(self, network, patients, rules):
        """Each two differ in three sites at least; (A + D - B - C) / 2 is the third site."""
        order = SEVEN
        lists = [order, order[3:], order[:2] + order[5:], (order[2], *order[5:])]
        rules.off("R13")
        bare, seen = network(patients(*order)), []
        for run, sites in enumerate(lists):
            bare.again(f"run {run}", sites).until("admission/pairs")
            seen.append(counts(bare))
        a, b, c, d = seen
        assert combined([(0.5, a), (0.5, d), (-0.5, b), (-0.5, c)]) == of_sites(bare, order[2])
        rules.on()
        gated = network(patients(*order))
        for run, sites in enumerate(lists[:3]):
            gated.again(f"run {run}", sites).until("admission/pairs")
        refused(gated.again("run 3", lists[3]), "subtraction")

    @pytest.mark.parametrize(
        "order",
        [
            (1, 2, 0),
            pytest.param(
                (0, 1, 2),
                marks=pytest.mark.xfail(
                    strict=True, raises=pytest.fail.Exception, reason="nobody in the last run knows the second"
                ),
            ),
        ],
        ids=["the whole last", "the whole first"],
    )
    def test_three_runs_of_which_no_site_knows_all(self, network, patients, order):
        """Seven sites; three of them; three others. Each site knows two runs, whose difference is four sites; all three
        together are the seventh."""
        lists = (SEVEN, SEVEN[:3], SEVEN[3:6])
        gated, seen = network(patients(*SEVEN)), {}

        def goes(place):
            known = [run for run, others in enumerate(lists) if run in seen and set(others) & set(lists[place])]
            gated.again(f"run {place}", lists[place], [f"run {run}" for run in known]).until("admission/pairs")
            seen[place] = counts(gated)

        goes(order[0])
        goes(order[1])
        with pytest.raises(Refused, match="R13"):
            goes(order[2])

    def test_three_runs_opened_at_once(self, network, patients):
        """Opened before any is answered, none can tell of the others."""
        gated = network(patients(*SEVEN), run="all").goes(1)
        for run, sites in (("three", SEVEN[:3]), ("others", SEVEN[3:6])):
            gated.again(run, sites, earlier=[]).until("admission/pairs")
        gated.run_id = "all"
        gated.start_coordinator(SEVEN, [])
        refused(gated, "subtraction")

    def test_what_three_runs_give(self, network, patients, rules):
        """The attack itself, with R13 off: the three together are the seventh site's counts."""
        rules.off("R13")
        bare, seen = network(patients(*SEVEN)), []
        for run, sites in enumerate((SEVEN, SEVEN[:3], SEVEN[3:6])):
            seen.append(counts(bare.again(f"run {run}", sites).until("admission/pairs")))
        assert combined([(1, seen[0]), (-1, seen[1]), (-1, seen[2])]) == of_sites(bare, "jeju")


class TestChangedPatients:
    """A second run after one follow-up was updated: who was alive has died."""

    def victim(self, network, site="busan"):
        rows = network.cohorts[site].analysis_sets["os"]
        alone = [i for i in np.flatnonzero(~rows.event) if (rows.days == rows.days[i]).sum() == 1]
        return alone[UPDATED]

    def slopes(self, network):
        network.until("first").step()
        numbers = network.told("first", MODEL)
        return np.array([numbers[f"slope in {name} = true"] for name in BINARY])

    def test_one_follow_up_updated_between_two_runs(self, network, patients, rules):
        """The slopes at 0 differ by the patient's columns less their mean at risk: positive where he has it."""
        rules.off("R14")
        bare = network(patients(*FEW), run="one")
        first, victim = self.slopes(bare), self.victim(bare)
        rows = bare.cohorts["busan"].analysis_sets["os"]
        bare.updates("busan", victim, event=1).again("two")
        difference = self.slopes(bare) - first
        assert list(difference > 0) == [bool(rows.variables[name][victim]) for name in BINARY]
        rules.on()
        gated = network(patients(*FEW), run="one")
        gated.run()
        gated.updates("busan", victim, event=1).again("two")
        result = gated.run().results[MODEL]
        assert (result.rule, result.by) == ("R14", "all")
        assert [one.phase for one in gated.reads()] == ["admission/changes", "close"]  # before any other count

    def test_two_cohorts_that_differ_through_a_new_data_snapshot(self, network, patients, rules):
        """One patient has entered since: the difference of the two counts is his row."""
        table = patients(*FEW)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[3])
        everybody = np.ones(len(table["site"]), bool)

        def entered(network):
            network.cohorts["tokyo"] = whole.cohorts["tokyo"]
            network.rows["tokyo"] = network.marks("tokyo")
            network.start_site("tokyo")
            return network.again("two")

        whole = network(table, run="one")
        rules.off("R14")
        bare = network(table, sets={"os": everybody & (np.arange(len(everybody)) != victim)}, run="one")
        first = counts(bare.until("admission/pairs"))
        second = counts(entered(bare).until("admission/pairs"))
        row = {f"patients with {name} = true (os)": table[name][victim] for name in BINARY}
        assert combined([(1, second), (-1, first)]) == {"events of os": table["dead"][victim], **row}
        rules.on()
        gated = network(table, sets={"os": everybody & (np.arange(len(everybody)) != victim)}, run="one")
        gated.until("admission/pairs")
        assert entered(gated).run().results[MODEL].rule == "R14"
        assert gated.told("admission/counts") is None

    def test_an_earlier_run_that_the_coordinator_does_not_name(self, network, patients):
        gated = network(patients(*FEW), run="one")
        gated.run()
        gated.updates("busan", self.victim(gated), event=1)
        refused(gated.again("two", earlier=[]), "earlier")

    def test_five_updates_at_three_sites_pass(self, network, patients):
        honest = network(patients(*FEW), run="one")
        honest.run()
        for site in ("busan", "daegu", "tokyo"):
            for patient in (1, 2):
                honest.updates(site, patient, days=honest.cohorts[site].analysis_sets["os"].days[patient] + 1)
        assert isinstance(honest.again("two").run().results[MODEL], CoxFit)

    def test_five_updates_at_one_site_do_not(self, network, patients):
        gated = network(patients(*FEW), run="one")
        gated.run()
        for patient in range(6):
            gated.updates("busan", patient, days=gated.cohorts["busan"].analysis_sets["os"].days[patient] + 1)
        assert gated.again("two").run().results[MODEL].rule == "R14"

    def corrected(self, network, table, sites):
        """The follow-up of two patients of three sites was updated, and of one of each of `sites` a covariate."""
        made = network(table, run="one")
        first = made.until("admission/products").told("admission/pairs")
        made.run()
        for site in ("busan", "daegu", "tokyo"):
            for patient in (1, 2):
                made.updates(site, patient, days=made.cohorts[site].analysis_sets["os"].days[patient] + 1)
        for site in sites:
            rows = made.cohorts[site].analysis_sets["os"]
            ecog = np.where(rows.patients == 7, 1 - rows.variables["ecog"], rows.variables["ecog"])
            sets = {"os": replace(rows, variables={**rows.variables, "ecog": ecog})}
            made.cohorts[site] = replace(made.cohorts[site], analysis_sets=sets)
            made.rows[site] = made.marks(site)
            made.start_site(site)
        return first, made.again("two")

    def test_one_covariate_corrected_beside_many_updates(self, network, patients, rules):
        """The pairs of its column differ by that patient's other columns: the patients whose days are others hide no
        product of columns."""
        table = patients(*FEW)
        rules.off("R14")
        first, bare = self.corrected(network, table, ["tokyo"])
        after = bare.until("admission/products").told("admission/pairs")
        at = np.flatnonzero(table["site"] == "tokyo")[7]
        row = [after[label] - first[label] for label in (pair("ecog", name) for name in ("arm", "mvi", "male"))]
        assert row == [(1 - 2 * table["ecog"][at]) * table[name][at] for name in ("arm", "mvi", "male")]
        rules.on()
        _, gated = self.corrected(network, table, ["tokyo"])
        found = gated.run().results[MODEL]
        assert (found.rule, found.by) == ("R14", "all")
        assert str(found.message).startswith("ecog, since one")

    def test_five_corrected_covariates_pass(self, network, patients):
        _, honest = self.corrected(network, patients(*FEW, "osaka", "gwangju"), [*FEW])
        assert isinstance(honest.run().results[MODEL], CoxFit)

    def test_one_update_under_a_new_version_that_uses_one_more_column(self, network, patients):
        """Every patient has one value more in the second version; only one has another value than before."""
        model = {"kind": "cox", "endpoints": ["os"], "multivariable": [*BINARY, "age", "viral"]}
        table = patients(*FEW)
        plain = network({name: x for name, x in table.items() if name != "viral"}, run="one")
        plain.run()
        victim = self.victim(plain)
        raised = network(table, {"cox": model}, run="two", version="2")
        raised.inherits(plain).updates("busan", victim, event=1)
        assert raised.again("two", earlier=["one"]).run().results[MODEL].rule == "R14"

    def test_a_new_version_that_uses_one_more_column_passes(self, network, patients):
        table = patients(*FEW)
        plain = network({name: x for name, x in table.items() if name != "viral"}, run="one")
        plain.run()
        model = {"kind": "cox", "endpoints": ["os"], "multivariable": [*BINARY, "age", "viral"]}
        raised = network(table, {"cox": model}, run="two", version="2").inherits(plain)
        assert isinstance(raised.again("two", earlier=["one"]).run().results[MODEL], CoxFit)


class TestDiskSetBack:
    """Yesterday's disk: the site forgets what it sent, and is asked again over other data."""

    def attack(self, network, forgets):
        """Returns two vectors of busan for one round, one patient's record changed in between."""
        network.until("first")
        request = network.coordinator.request()
        yesterday = copy.deepcopy(network.journals["busan"])
        one = network.sites["busan"].answer(request)
        rows = network.cohorts["busan"].analysis_sets["os"]
        self.patient = int(np.flatnonzero(~rows.event)[3])
        if forgets:
            network.updates("busan", self.patient, event=1)
        network.journals["busan"] = yesterday
        network.start_site("busan")
        return one, network.sites["busan"].answer(request)

    def difference(self, network, one, two):
        vectors = [network.history().read(verify(reply, network.roster.sites)) for reply in (two, one)]
        return fixed_point.decode(fixed_point.add(vectors[0], fixed_point.negate(vectors[1])))

    def test_a_disk_rolled_back_to_yesterday_with_changed_data(self, network, patients, monkeypatch):
        truth = network.marks
        monkeypatch.setattr(network, "marks", lambda self, site: RowMarks("the same", truth(self, site).marks))
        bare = network(patients(*FEW))
        one, two = self.attack(bare, forgets=True)
        [(_, labels)] = bare.history().labels()
        difference = dict(zip([label.text for label in labels], self.difference(bare, one, two)[1:], strict=True))
        rows = bare.cohorts["busan"].analysis_sets["os"]
        seen = [difference[f"slope in {name} = true"] > 0 for name in BINARY]
        assert seen == [bool(rows.variables[name][self.patient]) for name in BINARY]
        monkeypatch.undo()
        gated = network(patients(*FEW))
        _, two = self.attack(gated, forgets=True)
        assert gated.code(two) == "data"

    def test_with_the_same_data_it_sends_the_same(self, network, patients):
        honest = network(patients(*FEW))
        assert set(self.difference(honest, *self.attack(honest, forgets=False))) == {0.0}
        assert isinstance(honest.run().results[MODEL], CoxFit)


class TestWhileARunGoes:
    def alive(self, network):
        return int(np.flatnonzero(~network.cohorts["busan"].analysis_sets["os"].event)[3])

    def test_one_follow_up_updated_while_a_run_goes(self, network, patients):
        gated = network(patients(*FEW)).until("first")
        old = gated.rows["busan"], gated.cohorts["busan"]
        gated.updates("busan", self.alive(gated), event=1)
        assert gated.hears("busan", gated.coordinator.request()) == "data"
        gated.rows["busan"], gated.cohorts["busan"] = old
        gated.start_site("busan")
        assert isinstance(gated.run().results[MODEL], CoxFit)

    def test_a_change_that_nobody_asked_about_since_two_runs_were_opened_at_once(self, network, patients):
        """Both are opened before either contributes, so neither names the other; the data change in between."""
        gated = network(patients(*FEW), run="two").goes(1)
        old = gated.rows["busan"], gated.cohorts["busan"]
        gated.updates("busan", self.alive(gated), event=1).again("one", earlier=[])
        gated.run()
        gated.rows["busan"], gated.cohorts["busan"] = old
        gated.start_site("busan")
        gated.run_id = "two"
        gated.start_coordinator(earlier=[])
        result = None
        with pytest.raises(Refused) as no:
            result = gated.run().results[MODEL]
        assert result is None or isinstance(result, RefusedByRule)
        assert no.value.code == "answered_since"
