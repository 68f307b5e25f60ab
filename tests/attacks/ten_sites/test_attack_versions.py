"""Versions of a study with other patients: what one opened less what the other did is the sums of those in whom they
differ. With the rule off their rows are read; with it on the later run is refused; the nearest honest one passes."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from riskset.analyses.cohort import PatientSet
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.errors import Refused
from riskset.protocol.approval import ExceptionSigned
from riskset.protocol.journal import IN_CLEAR

FEW = ("busan", "daegu", "tokyo", "osaka")
BINARY = ("arm", "ecog", "mvi", "male", "viral")
MODEL = "cox/os/all/multivariable"
OF_ONE = {"tokyo": 1}
ENOUGH = {"busan": 40, "daegu": 30, "tokyo": 30}


def asks(endpoint="os", names=BINARY):
    return {"cox": {"kind": "cox", "endpoints": [endpoint], "multivariable": list(names)}}


def without(table, **of_sites):
    """Returns the mask of all patients but the first so many of these hospitals."""
    kept = np.ones(len(table["site"]), bool)
    for site, n in of_sites.items():
        kept[np.flatnonzero(table["site"] == site)[:n]] = False
    return kept


def of_columns(network, endpoint):
    """What everybody reads of the run: patients with each column."""
    told = network.told("admission/counts")
    return np.array([told[f"patients with {name} = true ({endpoint})"] for name in BINARY])


def pairs(network, endpoint):
    """What everybody reads of the run: patients with each two columns, (m, m); the first is of all."""
    network.until("admission/products")
    told = network.told("admission/pairs")
    names = [endpoint, *(f"{name} = true ({endpoint})" for name in BINARY)]
    found = [told[f"patients with {a} and {b}"] for i, a in enumerate(names) for b in names[i:]]
    matrix = np.zeros((len(names), len(names)), int)
    matrix[np.triu_indices(len(names))] = np.rint(found)
    return np.triu(matrix) + np.triu(matrix, 1).T


def solved(together):
    """Returns every list of yes-no rows, each sorted, of which these are the numbers of patients with each two."""
    n, found = int(together[0, 0]), {()}
    for j in range(1, len(together)):
        longer = set()
        for columns in found:
            known = [np.array(column) for column in columns]
            for chosen in combinations(range(n), int(together[j, j])):
                new = np.isin(np.arange(n), chosen).astype(int)
                if all(new @ known[i] == together[i + 1, j] for i in range(j - 1)):
                    rows = (
                        sorted(zip(*columns, new.tolist(), strict=True))
                        if columns
                        else [(x,) for x in sorted(new.tolist())]
                    )
                    longer.add(tuple(zip(*rows, strict=True)))
        found = longer
    return [sorted(zip(*columns, strict=True)) for columns in found]


class TestFewPatientsWhoLeft:
    """An eligibility rule of the second version leaves out six patients at three hospitals."""

    def second(self, network, table, kept, **more):
        first = network(table, asks(), run="one")
        told = pairs(first, "os")
        later = network(table, asks(), {"os": kept}, run="two", version="2", **more)
        return told, later.inherits(first).again("two", earlier=["one"])

    def test_their_rows(self, network, patients, rules):
        table = patients(*FEW)
        kept = without(table, busan=2, daegu=2, tokyo=2)
        rules.off("R14")
        first, bare = self.second(network, table, kept)
        rows = sorted(tuple(int(table[name][i]) for name in BINARY) for i in np.flatnonzero(~kept))
        assert solved(first - pairs(bare, "os")) == [rows]
        rules.on()
        _, gated = self.second(network, table, kept)
        found = gated.run().results[MODEL]
        assert (found.rule, found.by, gated.told("admission/counts")) == ("R14", "all", None)

    def test_fifty_who_left_pass(self, network, patients):
        table = patients(*FEW)
        _, honest = self.second(network, table, without(table, busan=20, daegu=20, tokyo=10))
        assert isinstance(honest.run().results[MODEL], CoxFit)

    def test_few_pass_by_an_exception(self, network, patients):
        table = patients(*FEW)
        _, honest = self.second(network, table, without(table, busan=2, daegu=2, tokyo=2))
        honest.signs(ExceptionSigned("R14.entered_rows", "5", "six patients withdrew"))
        assert isinstance(honest.run().results[MODEL], CoxFit)

    def test_all_of_one_hospital_beside_an_update_elsewhere(self, network, patients, rules):
        """Enough patients at enough hospitals changed; who left are of one, and the difference is its sums."""
        table = patients(*FEW)
        kept = without(table, tokyo=80)

        def ask():
            first, later = self.second(network, table, kept)
            for site in ("busan", "daegu", "osaka"):
                for patient in range(3):
                    later.updates(site, patient, days=later.cohorts[site].analysis_sets["os"].days[patient] + 1)
            return first, later.again("two", earlier=["one"])

        rules.off("R14")
        first, bare = ask()
        tokyo = np.stack([np.ones(80), *(table[name][~kept] for name in BINARY)])
        assert (first - pairs(bare, "os") == tokyo @ tokyo.T).all()
        rules.on()
        assert ask()[1].run().results[MODEL].rule == "R14"


class TestARuleAboutOnePerson:
    """An eligibility rule of the second version describes one patient of a hospital. The count of changes answers it
    before R14 refuses; docs/threat-model.md says so, and why the count is not withheld."""

    def answer(self, network, table, describes):
        """What everybody reads: patients who left, the hospitals with any, and what else was counted."""
        first = network(table, asks(), run="one")
        first.until("admission/counts")
        later = network(table, asks(), {"os": ~describes}, run="two", version="2")
        later.inherits(first).again("two", earlier=["one"]).run()
        told = {label: n for label, n in later.told("admission/changes").items() if " altered in " not in label}
        stated = {name: [one for sent in j.sent["two"] for one in sent.numbers] for name, j in later.journals.items()}
        sites = {name for name, clear in stated.items() if any(sum(x) for id_, _, x in clear if id_ == IN_CLEAR)}
        return set(told.values()), sites, later.told("admission/cohorts"), later.told("admission/counts")

    def test_is_answered_by_yes_and_nothing_more(self, network, patients):
        table = patients(*FEW)
        at = np.arange(len(table["site"])) == np.flatnonzero(table["site"] == "tokyo")[7]
        assert self.answer(network, table, at) == ({1.0}, {"tokyo"}, None, None)


class TestASetWithoutAPartner:
    """A second endpoint has the patients of the first but for one, who is in another set of the version still: his data
    are as before, and he neither entered nor left."""

    def second(self, network, table, apart):
        first = network(table, asks(), run="one")
        told = pairs(first, "os")
        everybody = np.ones(len(table["site"]), bool)
        sets = {"os": everybody, "pfs": everybody & (np.arange(len(everybody)) != apart)}
        later = network(table, asks("pfs"), sets, run="two", version="2")
        return told, later.inherits(first).again("two", earlier=["one"])

    def test_one_patient(self, network, patients, rules):
        table = patients(*FEW)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[7])
        rules.off("R14")
        first, bare = self.second(network, table, victim)
        row = [1, *(int(table[name][victim]) for name in BINARY)]
        assert (first - pairs(bare, "pfs") == np.outer(row, row)).all()
        rules.on()
        _, gated = self.second(network, table, victim)
        assert gated.run().results["cox/pfs/all/multivariable"].rule == "R14"

    def test_another_endpoint_of_the_same_patients_passes(self, network, patients):
        _, honest = self.second(network, patients(*FEW), None)
        assert isinstance(honest.run().results["cox/pfs/all/multivariable"], CoxFit)


class TestTheSameTwoSets:
    """Both versions have a set of all and one without some. R2 refuses the later analysis of each, not of the same set:
    the two that pass differ in these, and no set has changed."""

    def later(self, network, table, apart, order=("pfs", "os"), names=BINARY):
        """The second version, beside what everybody reads of the first."""
        sets = {"os": np.ones(len(table["site"]), bool), "pfs": without(table, **apart)}
        first = network(table, {name: asks(name, names)["cox"] for name in ("os", "pfs")}, sets, run="one")
        told = pairs(first, "os") if names == BINARY else first.run()
        second = network(table, {name: asks(name, names)["cox"] for name in order}, sets, run="two", version="2")
        return told, second.inherits(first).again("two", earlier=["one"])

    def test_one_patient(self, network, patients, rules):
        table = patients(*FEW)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[0])
        rules.off("R14")
        told, bare = self.later(network, table, OF_ONE)
        row = [1, *(int(table[name][victim]) for name in BINARY)]
        assert (told - pairs(bare, "pfs") == np.outer(row, row)).all()
        rules.on()
        _, gated = self.later(network, table, OF_ONE)
        results = gated.run().results
        assert (results["cox/pfs/all/multivariable"].rule, type(results[MODEL])) == ("R14", CoxFit)
        assert not any("(pfs)" in label for label in gated.told("admission/pairs"))

    def test_the_set_that_passed_before_passes(self, network, patients):
        """The study as it was, and what another version adds to that set."""
        _, honest = self.later(network, patients(*FEW), OF_ONE, ("os", "pfs"))
        results = honest.run().results
        assert isinstance(results[MODEL], CoxFit)
        assert results["cox/pfs/all/multivariable"].rule == "R2"

    @pytest.mark.exhaustive
    def test_sets_that_differ_enough_pass(self, network, patients):
        _, honest = self.later(network, patients(*FEW), ENOUGH, names=("male",))
        results = honest.run().results
        assert all(isinstance(results[f"cox/{name}/all/multivariable"], CoxFit) for name in ("pfs", "os"))

    def test_the_other_set_after_another_refusal_passes(self, network, patients):
        """The first version asks for a covariate that two patients have; the second, corrected, for another one."""
        table = patients(*FEW)
        table["rare"] = (np.arange(len(table["site"])) < 2).astype(float)
        sets = {"os": np.ones(len(table["site"]), bool), "pfs": without(table, **ENOUGH)}
        first = network(table, {name: asks(name, [x])["cox"] for name, x in (("os", "male"), ("pfs", "rare"))}, sets)
        assert first.run().results["cox/pfs/all/multivariable"].rule in ("R4", "R12")
        second = network(table, {name: asks(name, ["male"])["cox"] for name in ("pfs", "os")}, sets, version="2")
        results = second.inherits(first).again("two", earlier=["run"]).run().results
        assert all(isinstance(results[f"cox/{name}/all/multivariable"], CoxFit) for name in ("pfs", "os"))


class TestACovariateThatSomeDoNotHave:
    """The second version's covariate is missing for some patients of Tokyo: they are eligible still, and in no set."""

    def second(self, network, table, missing):
        first = network(table, asks(), run="one")
        told = pairs(first, "os")
        later = network(table, asks(), {"os": without(table, tokyo=missing)}, run="two", version="2").inherits(first)
        for site, cohort in first.cohorts.items():
            eligible = tuple(range(cohort.n_patients))
            later.cohorts[site] = replace(later.cohorts[site], eligible=eligible)
            later.rows[site] = later.marks(site)
            later.start_site(site)
        return told, later.again("two", earlier=["one"])

    def test_one_patient(self, network, patients, rules):
        table = patients(*FEW)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[0])
        row = [1, *(int(table[name][victim]) for name in BINARY)]
        rules.off("R14")
        told, bare = self.second(network, table, 1)
        assert (told - pairs(bare, "os") == np.outer(row, row)).all()
        rules.on()
        _, gated = self.second(network, table, 1)
        found = gated.run().results[MODEL]
        assert (found.rule, found.by) == ("R14", "all")
        assert "leaving out a covariate that some do not have" in str(found.remedy)
        assert set(gated.told("admission/changes").values()) == {0.0}

    def test_the_same_patients_pass(self, network, patients):
        _, honest = self.second(network, patients(*FEW), 0)
        assert isinstance(honest.run().results[MODEL], CoxFit)


class TestASetThatIsNotNamedAgain:
    """What the first version told of all patients, less what the second tells of all but one. The second names the
    first one's refused set, and one more, which together are all patients; so nobody entered or left."""

    def versions(self, network, table, first=("os", "pfs"), second=("pfs", "ttp")):
        at = np.arange(len(table["site"]))
        one_less, rest = without(table, **OF_ONE), np.zeros(len(at), bool)
        for site in FEW:
            rest[np.flatnonzero(table["site"] == site)[:40]] = True
        masks = {"os": at >= 0, "pfs": one_less, "ttp": rest}
        one = network(table, {name: asks(name)["cox"] for name in first}, {n: masks[n] for n in first}, run="one")
        told = pairs(one, first[0])
        one.run()
        two = network(
            table, {name: asks(name)["cox"] for name in second}, {n: masks[n] for n in second}, run="two", version="2"
        )
        return told, two.inherits(one).again("two", earlier=["one"])

    def test_one_patient(self, network, patients, rules):
        table = patients(*FEW)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[0])
        row = [1, *(int(table[name][victim]) for name in BINARY)]
        rules.off("R14")
        told, bare = self.versions(network, table)
        assert (told - pairs(bare, "pfs") == np.outer(row, row)).all()
        rules.on()
        _, gated = self.versions(network, table)
        assert gated.run().results["cox/pfs/all/multivariable"].rule == "R14"
        assert not any("(pfs)" in label for label in gated.told("admission/pairs"))

    def test_one_patient_beside_a_set_left_out(self, network, patients, rules):
        """The patients of another set that is left out, who are many, do not hide the one."""
        table = patients(*FEW)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[0])
        row = [1, *(int(table[name][victim]) for name in BINARY)]
        rules.off("R14")
        told, bare = self.versions(network, table, ("os", "ttp"), ("pfs",))
        assert (told - pairs(bare, "pfs") == np.outer(row, row)).all()
        rules.on()
        _, gated = self.versions(network, table, ("os", "ttp"), ("pfs",))
        assert gated.run().results["cox/pfs/all/multivariable"].rule == "R14"

    def test_all_patients_of_two_sets(self, network, patients):
        """The first version tells of two sets; all patients together are one set of the second only."""
        table = patients(*FEW)
        _, gated = self.versions(network, table, ("pfs", "ttp"), ("os",))
        assert gated.run().results[MODEL].rule == "R14"

    def test_the_refused_set_may_be_left_out(self, network, patients):
        """As R2 advises: the first version told nothing of it but how many patients it has."""
        _, honest = self.versions(network, patients(*FEW), second=("os",))
        assert isinstance(honest.run().results[MODEL], CoxFit)

    def both(self, network, table, phase):
        """The second version asks for all patients while the first, which has them too and all but one, goes on."""
        sets = {"os": np.ones(len(table["site"]), bool), "pfs": without(table, **OF_ONE)}
        one = network(table, {name: asks(name)["cox"] for name in sets}, sets, run="one").until(phase)
        two = network(table, asks("os"), {"os": sets["os"]}, run="two", version="2")
        return one, two.inherits(one).again("two", earlier=["one"])

    def test_counts_as_told_while_the_first_run_goes_on(self, network, patients):
        _, gated = self.both(network, patients(*FEW), "admission/counts")
        assert gated.run().results[MODEL].rule == "R14"

    def test_is_not_told_by_a_run_that_does_not_know_of_the_other(self, network, patients):
        """The first run was opened, and had told nothing, when the second began."""
        one, two = self.both(network, patients(*FEW), "admission/cohorts")
        assert isinstance(two.run().results[MODEL], CoxFit)
        with pytest.raises(Refused, match="busan has answered another run"):
            one.run()


class TestASetToldWithoutOneHospital:
    """All but one patient of Tokyo are told by three hospitals, in which that set is the one told before. A run of all
    asks for it next: it was told already, but Tokyo had no part in that."""

    SIX = (*FEW, "gwangju", "fukuoka")
    THREE = ("busan", "daegu", "gwangju")

    def versions(self, network, table):
        """What everybody reads of all patients, and a run that asks for all but one."""
        rest = np.zeros(len(table["site"]), bool)
        for site in self.SIX:
            rest[np.flatnonzero(table["site"] == site)[:20]] = True
        masks = {"os": np.ones(len(rest), bool), "pfs": without(table, **OF_ONE), "ttp": rest}

        def version(number, *names):
            asked = {name: asks(name)["cox"] for name in names}
            return network(table, asked, {n: masks[n] for n in names}, run=number, version=number)

        one = version("1", "os", "pfs").until("admission/pairs")
        two = version("2", "pfs", "ttp").inherits(one).again("2", self.THREE, earlier=["1"]).until("first")
        return of_columns(one, "os"), two.again("3", earlier=["1", "2"])

    def test_one_patient(self, network, patients, rules):
        table = patients(*self.SIX)
        victim = int(np.flatnonzero(table["site"] == "tokyo")[0])
        rules.off("R14")
        told, bare = self.versions(network, table)
        bare.until("admission/pairs")
        assert (told - of_columns(bare, "pfs")).tolist() == [table[name][victim] for name in BINARY]
        rules.on()
        _, gated = self.versions(network, table)
        assert gated.run().results["cox/pfs/all/multivariable"].rule == "R14"
        assert not any("(pfs)" in label for label in gated.told("admission/counts"))

    def test_what_three_hospitals_told_may_be_told_by_all(self, network, patients):
        one = network(patients(*self.SIX), asks(names=["ecog"]), run="1").again("1", self.THREE).until("first")
        assert isinstance(one.again("2").run().results[MODEL], CoxFit)


class TestTheSameTwoColumns:
    """Two columns that differ in one patient, the one in a first version of the study, the other in a second, which
    uses the first one too, in an analysis that is refused: then they are two columns, and nobody changed."""

    COLUMNS = ("ecog", "mvi", "male")

    def versions(self, network, table, differing=1, is_turned=False):
        at, victim = np.arange(len(table["site"])), int(np.flatnonzero(table["site"] == "tokyo")[5])
        marked = (at >= victim) & (at < victim + differing)
        z1 = np.where(marked, 0.0, np.random.default_rng(3).random(len(at)) < 0.4)
        sets = {"os": at >= 0, "few": at < 6}
        one = network({**table, "z1": z1}, asks(names=(*self.COLUMNS, "z1")), sets, run="one")
        one.run()
        refused = {"few": {"kind": "cox", "endpoints": ["few"], "multivariable": ["z1"]}}
        asked = asks(names=(*self.COLUMNS, "z2")) | refused
        z2 = 1 - z1 - marked if is_turned else z1 + marked
        again = network({**table, "z1": z1, "z2": z2}, asked, sets, run="two", version="2")
        two = again.inherits(one).again("two", earlier=["one"])
        return victim, one, two, two.run().results[MODEL]

    def test_tell_of_the_patient(self, network, patients, rules):
        table = patients(*FEW)
        rules.off("R14")
        victim, one, two, _ = self.versions(network, table)
        first, second = told(one, "one"), told(two, "two")
        seen = [together(second, "z2", name) - together(first, "z1", name) for name in self.COLUMNS]
        assert seen == [table[name][victim] for name in self.COLUMNS]
        rules.on()
        assert self.versions(network, table)[-1].rule == "R14"

    def test_turned_round(self, network, patients, rules):
        table = patients(*FEW)
        rules.off("R14")
        victim, one, two, _ = self.versions(network, table, is_turned=True)
        first, second = told(one, "one"), told(two, "two")
        whole = {name: first[f"patients with {name} = true (os) and {name} = true (os)"] for name in self.COLUMNS}
        seen = [whole[n] - together(second, "z2", n) - together(first, "z1", n) for n in self.COLUMNS]
        assert seen == [table[name][victim] for name in self.COLUMNS]
        rules.on()
        assert self.versions(network, table, is_turned=True)[-1].rule == "R14"

    def test_a_column_that_is_another_turned_round_passes(self, network, patients):
        assert isinstance(self.versions(network, patients(*FEW), differing=0, is_turned=True)[-1], CoxFit)

    def test_a_column_that_differs_in_many_passes(self, network, patients):
        assert isinstance(self.versions(network, patients(*FEW), differing=12)[-1], CoxFit)


def told(network, run):
    network.run_id = run
    return network.told("admission/pairs")


def together(found, a, b):
    a, b = (f"{name} = true (os)" for name in (a, b))
    return found.get(f"patients with {a} and {b}", found.get(f"patients with {b} and {a}"))


class TestTablesAndModels:
    """Tables are of all patients, models of those who have all covariates. What a table has more is a table of whom
    they differ in: at least k. What a model of the table's patients has more than another model are products."""

    COVARIATES = ("ecog", "mvi", "male", "viral")

    def version(self, network, table, number, missing, *, asks_table):
        """A table of all but some patients of each of three sites, or a model of these."""
        model = {"cox": {"kind": "cox", "endpoints": ["os"], "multivariable": list(self.COVARIATES)}}
        of_table = {"table": {"kind": "table1", "variables": ["ecog"]}}
        kept = without(table, busan=missing, daegu=missing, tokyo=missing)
        made = network(table, of_table if asks_table else model, {"os": kept}, arm="arm", run=number, version=number)
        for site, cohort in made.cohorts.items():
            here = table["site"] == site
            everybody = np.flatnonzero((kept if asks_table else np.ones(len(kept), bool))[here])
            variables = {name: table[name][here][everybody] for name in ("arm", "ecog")}
            names = ("patients/all with arm", "patients/all with arm and ecog") if asks_table else ()
            sets = cohort.analysis_sets | {name: PatientSet(variables, everybody) for name in names}
            eligible = tuple(range(int(here.sum())))
            made.cohorts[site] = replace(cohort, analysis_sets=sets, eligible=eligible)
            made.rows[site] = made.marks(site)
            made.start_site(site)
        return made

    def after(self, first, second, earlier=("1",)):
        if not first.coordinator.is_finished:
            first.run()
        return second.inherits(first).again(str(len(earlier) + 1), earlier=list(earlier))

    def test_models_pass_after_tables_of_a_few_more(self, network, patients):
        table = patients(*FEW)
        first = self.version(network, table, "1", 0, asks_table=True)
        second = self.after(first, self.version(network, table, "2", 5, asks_table=False))
        assert isinstance(second.run().results[MODEL], CoxFit)
        third = self.after(second, self.version(network, table, "3", 0, asks_table=False), ["1", "2"])
        refused = third.run().results[MODEL]
        assert (refused.rule, refused.limit_name) == ("R14", "R14.entered_rows")

    @pytest.mark.parametrize(("missing", "rule"), [(5, ""), (1, "R14")])
    def test_tables_after_models(self, network, patients, missing, rule):
        table = patients(*FEW)
        first = self.version(network, table, "1", 0, asks_table=False)
        results = self.after(first, self.version(network, table, "2", missing, asks_table=True)).run().results
        assert getattr(results["table1/all/ecog"], "rule", "") == rule


class TestACutOffThatMoves:
    """The cut-off moves by three days, in which one patient dies. Whoever lives is followed three days longer,
    and adds little to a score: the scores at 0 of the two versions differ by the row of who died."""

    def test_by_the_only_death(self, network, patients, rules):
        seed, columns, moved = 2, ("ecog", "mvi", "male", "viral"), 3
        table = patients(seed=seed)
        random = np.random.default_rng(seed)
        entered = random.integers(0, 1000, len(table["site"]))
        death = 1 + random.exponential(450, len(entered)).astype(int)

        def run(cut_off, version, before=None):
            last = cut_off - entered
            followed = {"days": np.minimum(death, last), "dead": (death <= last).astype(float)}
            made = network(table | followed, asks(names=columns), run=version, version=version)
            if before is not None:
                made.inherits(before).again(version, earlier=[before.run_id])
            return made, followed["dead"]

        def slopes(made):
            told = next(one.numbers[MODEL] for one in made.until("later").reads() if MODEL in one.numbers)
            return np.array([told[f"slope in {name} = true"] for name in columns])

        rules.off("R14")
        one, dead = run(1400, "1")
        first = slopes(one)
        two, later = run(1400 + moved, "2", one)
        (victim,) = np.flatnonzero(later != dead)
        assert (slopes(two) > first).tolist() == [table[name][victim] == 1 for name in columns]
        rules.on()
        one, _ = run(1400, "1")
        one.until("later")
        found = run(1400 + moved, "2", one)[0].run().results[MODEL]
        assert (found.rule, found.by) == ("R14", "all")
        assert str(found.message).startswith("the events of os, since 1")
