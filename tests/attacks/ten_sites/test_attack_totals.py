"""Anyone who chooses a total, or the point at which a model is evaluated, can read out patients' values. A coordinator
tries it alone, and with a site that answers last: what it gets with the rule off, which rule refuses, and the honest
round after it."""

import numpy as np
import pytest
from tests.attacks.rogue import Rogue

from riskset.analyses.admission import judge
from riskset.analyses.cohort import SetId
from riskset.analyses.design import Column
from riskset.analyses.methods.cox_fit import CoxFit
from riskset.disclosure import gate
from riskset.disclosure.exposure import EVENT, Exposure, InTime, counted
from riskset.errors import ProtocolError, Refused
from riskset.protocol import coordinator, history, site
from riskset.secure import fixed_point
from riskset.secure.envelope import frame, unframe, verify
from riskset.secure.masks import PairwiseMasks
from riskset.stats import newton
from riskset.stats.cox import evaluate, risk_sets
from riskset.stats.grid import Grid

FEW = ("busan", "daegu", "tokyo", "osaka")
FRIEND, VICTIM = "daegu", "osaka"
MODEL = "cox/os/all/multivariable"
COLUMNS = ("arm", "age", "ecog")
COX = {"m": {"kind": "cox", "endpoints": ["os"], "multivariable": list(COLUMNS)}}
MODERATE, EXTREME = (0.5, -1.5, 0.8), (0.0, 300.0, 0.0)


@pytest.fixture
def party(network, patients):
    """Returns a fresh network of four sites and one model."""
    return lambda *sites, run="run": network(patients(*(sites or FEW)), COX, run=run)


def at(network, beta, *sites):
    """The truth: log likelihood, slopes and curvatures of some sites' own rows at a beta per standard deviation."""
    moments = network.history().results["moments/os"].columns
    total = np.zeros(10)
    for name in sites:
        rows = network.cohorts[name].analysis_sets["os"]
        design = np.stack([rows.variables[column] for column in COLUMNS], axis=1)
        scale = np.array([moment.sd for moment in moments.values()])
        value = evaluate(risk_sets(design, rows.days, rows.event, scale=scale), beta)
        total += np.concatenate([[value.log_likelihood], value.score, value.upper_triangle])
    return total


def towards(beta):
    """Totals, flags first, from which every party derives `beta` as the next point: I^-1 U."""
    information = 50.0 * np.eye(3)
    return np.concatenate([[0.0, -1000.0], information @ beta, information[np.triu_indices(3)]])


def numbers(network, phase="later"):
    return np.array(list(network.told(phase, MODEL).values()))


class TestRiskSetSums:
    """Sums over those at risk on each day: what a textbook's distributed Cox model sends."""

    DAYS = np.arange(0, 4000)
    """For each: how many are at risk, and the sum of each column over them."""

    def sums(self):
        columns = tuple(Column(name) for name in COLUMNS)
        exposure = Exposure(
            design=(),
            tables=(),
            in_time=InTime("os", (), frozenset({EVENT}), Grid(1, 4000)),
            weights=False,
            is_iterative=False,
            per_site=False,
        )
        labels = tuple(
            counted(f"{of[0].name if of else 'patients'} at risk on day {day}", EVENT, int(day), *of)
            for day in self.DAYS
            for of in ((), *((column,) for column in columns))
        )
        return Rogue(id="sums/os", name="sums", set_id=SetId("os"), opens=exposure, sends=labels, computes=self.of)

    def of(self, rows, inputs):
        design = np.stack([np.ones(rows.n), *(rows.variables[name] for name in COLUMNS)], axis=1)
        return np.stack([design[rows.days >= day].sum(axis=0) for day in self.DAYS]).ravel()

    def asks(self, monkeypatch, *modules):
        for module in modules:
            monkeypatch.setattr(
                module, "plan", lambda study: history.Plan((self.sums(),), fields={"os": ("days", "dead")})
            )

    def test_risk_set_sums_asked_for(self, party, monkeypatch):
        """Even summed over sites, the difference between two days is the row of the patient who exited in between."""
        self.asks(monkeypatch, coordinator, site)
        for module in (judge, gate):  # the rule: what is sent is what was declared
            monkeypatch.setattr(module, "first_uncovered", lambda *_: "")
        with pytest.raises(Refused, match="a number that its gate does not release"):
            party("gwangju", "jeju", "sapporo").run()  # the second rule: a step of time has only counts
        monkeypatch.setattr(gate, "is_count", lambda *_: False)
        bare = party("gwangju", "jeju", "sapporo")
        bare.run()
        by_day = np.array(list(bare.told("close", "sums/os").values())).reshape(-1, 1 + len(COLUMNS))
        leave = by_day[:-1] - by_day[1:]
        table = bare.patients
        alone = [i for i, day in enumerate(table["days"]) if (table["days"] == day).sum() == 1]
        assert len(alone) > 40  # of 60
        for i in alone:
            assert list(leave[table["days"][i]]) == [1, *(table[name][i] for name in COLUMNS)]
        monkeypatch.undo()
        self.asks(monkeypatch, coordinator)  # the coordinator's program asks, the sites' have no such question
        gated = party("gwangju", "jeju", "sapporo")
        with pytest.raises((ProtocolError, Refused)):
            gated.run()
        for journal in gated.journals.values():
            assert "sums/os" not in [asked for sent in journal.sent["run"] for asked, *_ in sent.numbers]
        self.asks(monkeypatch, coordinator, site)  # all programs ask: a column in a step of time is not declared
        all_ask = party("gwangju", "jeju", "sapporo")
        assert isinstance(all_ask.run().results["sums/os"], history.RefusedByRule)
        for journal in all_ask.journals.values():
            assert "sums/os" not in [asked for sent in journal.sent["run"] for asked, *_ in sent.numbers]
        monkeypatch.undo()
        assert isinstance(party("busan", "daegu", "tokyo").run().results[MODEL], CoxFit)

    @pytest.mark.parametrize("type_", ["risk-set sums", "query", "contribution"])
    def test_there_is_no_message_that_asks_for_them(self, party, type_):
        gated = party().until("first")
        request = gated.forge(gated.coordinator.request(), type=type_, payload=b'{"sums": "S0"}')
        assert gated.hears(VICTIM, request) == "order"
        assert isinstance(gated.run().results[MODEL], CoxFit)


class TestCoordinatorAlone:
    def test_a_total_or_beta_of_the_coordinators_choosing(self, party, monkeypatch, unchecked):
        """R10: a site adds up what the sites signed. With signatures unchecked the coordinator makes up another site's
        contribution, and with it the total, and the point at which this site is asked."""
        bare = party().until("first")
        before = bare.history()
        bare.step()
        honest = [verify(one, bare.roster.sites) for one in bare.last()]
        others = fixed_point.total([before.read(one) for one in honest if one.head.sender != FRIEND])
        wanted = fixed_point.add(fixed_point.encode(towards(MODERATE), 1), fixed_point.negate(others))
        forged = {one.head.sender: one.raw for one in honest}
        _, *rest = unframe(verify(forged[FRIEND], bare.roster.sites).payload)
        made_up = bare.forge(forged[FRIEND], payload=frame([fixed_point.to_bytes(wanted), *rest]))
        request = bare.shows(list((forged | {FRIEND: made_up}).values()))
        monkeypatch.setattr(site, "verify", unchecked)
        assert bare.hears(VICTIM, request) is None
        assert bare.sites[VICTIM]._runs["run"].history.states[MODEL].beta == pytest.approx(MODERATE)
        monkeypatch.undo()
        gated = party().until("first").goes(1)
        assert gated.hears(VICTIM, gated.relay(lambda parts: [made_up, *parts[1:]])) == "history"
        assert gated.hears(VICTIM, gated.shows([made_up, *gated.last()[1:]])) == "history"
        assert isinstance(gated.run().results[MODEL], CoxFit)


class TestSiteThatAnswersLast:
    """What a site and the coordinator get together (docs/threat-model.md: bounded, not prevented)."""

    def steers(self, network, *points):
        """Brings the models' next points about; returns the friend."""
        friend = network.accomplice(FRIEND)
        while network.history() is None or network.history().phase != "first":
            friend.step()
        for beta in points:
            friend.step(lambda history, others, beta=beta: towards(beta))
        return friend

    def others(self, network, friend):
        """Asks for one more round and returns what the other sites sent together, at the point brought about."""
        now, replies = network.history(), friend.step(lambda history, others: towards(MODERATE))
        return np.array(fixed_point.decode(friend.sum_of(now, replies.values())))

    def test_a_site_that_answers_last(self, party):
        """It chooses one moderate point, and gets the sum of all the others there, not that of a single site."""
        network = party()
        flag, *seen = self.others(network, self.steers(network, MODERATE))
        rest = [name for name in FEW if name != FRIEND]
        assert flag == 0.0
        assert seen == pytest.approx(at(network, MODERATE, *rest), rel=1e-12)
        for name in rest:
            assert np.abs(np.array(seen) - at(network, MODERATE, name)).max() > 1

    def test_an_extreme_beta(self, party, rules):
        """R7 off: at a beta far out, each risk set is dominated by its oldest patient, and the sums are that patient's
        columns."""
        rules.off("R7")
        bare = party()
        _, *seen = self.others(bare, self.steers(bare, EXTREME))
        rest = [name for name in FEW if name != FRIEND]
        sd = [moment.sd for moment in bare.history().results["moments/os"].columns.values()]
        assert np.array(seen[1:4]) * sd == pytest.approx(of_the_oldest(bare, *rest), abs=1e-6)
        rules.on()
        gated = party()
        friend = self.steers(gated, EXTREME)
        now, replies = gated.history(), friend.step()
        _, *noise = fixed_point.decode(friend.sum_of(now, replies.values()))
        assert np.abs(noise).min() > 1e9
        result = gated.history().results[MODEL]
        assert (result.rule, result.by) == ("R7", "a site")
        assert isinstance(party(run="another").run().results[MODEL], CoxFit)

    @pytest.mark.exhaustive
    def test_200_iterations(self, party, rules, monkeypatch):
        """R5 off, and the patience of Newton's method: a model is evaluated wherever the friend likes, until the
        numbers sent are many times those that the patients are made of."""
        small = ("busan", FRIEND, "gwangju")
        monkeypatch.setattr(newton, "MAX_EVALUATIONS", 1000)
        rules.off("R5")
        bare = party(*small)
        patients = sum(bare.cohorts[name].analysis_sets["os"].n for name in small)
        assert self.evaluations(bare, 200) == 200
        assert 2 * patients * (len(COLUMNS) + 2) < 200 * 10
        rules.on()
        gated = party(*small)
        assert self.evaluations(gated, 200) == 12
        result = gated.history().results[MODEL]
        assert "12 evaluations, all that rule R5 allows" in str(result.message)
        assert party(*small, run="another").run().results[MODEL].iterations < 12

    def evaluations(self, network, most):
        """How often the friend has the others evaluate the model, `most` times at most."""
        friend = self.steers(network)
        random, level, count = np.random.default_rng(1), -1000.0, 0
        while count < most and network.history().live:
            level += 1

            def on(history, others, level=level):
                totals = towards(random.normal(0, 0.05, 3))
                totals[1] = level
                return totals

            friend.step(on)
            count += 1
        return count

    def test_a_fork_with_one_sites_help(self, party, monkeypatch):
        """The victim is shown another contribution of the friend than the rest, and so goes to another point; the
        difference of two rounds is then its own. With the history in the key of the masks the sum is noise."""
        mask = PairwiseMasks.mask
        monkeypatch.setattr(PairwiseMasks, "mask", lambda self, vector, round_, history: mask(self, vector, round_, ""))
        bare = party()
        seen = self.forks(bare)
        truth = at(bare, MODERATE, VICTIM) - at(bare, (0.0, 0.0, 0.0), VICTIM)
        assert np.abs(seen - truth).max() < 1e-5
        monkeypatch.undo()
        gated = party()
        assert np.abs(self.forks(gated)).min() > 1e9
        assert isinstance(party().run().results[MODEL], CoxFit)

    def forks(self, network):
        """Returns what the sum of the others at 0 differs by from their sum with the victim led elsewhere."""
        friend = self.steers(network)
        at_zero, request = network.history(), network.coordinator.request()
        others = {name: network.sites[name].answer(request) for name in FEW if name != FRIEND}
        first = friend.sum_of(at_zero, others.values())
        shown = {}
        for name, beta in (("rest", (1e-9, 0.0, 0.0)), ("victim", MODERATE)):
            vector = fixed_point.add(fixed_point.encode(towards(np.array(beta)), 1), fixed_point.negate(first))
            shown[name] = friend.says(request, vector)
        for reply in [*others.values(), shown["rest"]]:
            network.coordinator.accept(reply)
        honest, forked = network.coordinator.request(), network.shows([*others.values(), shown["victim"]])
        replies = [network.sites[name].answer(forked if name == VICTIM else honest) for name in others]
        assert {network.code(reply) for reply in replies} == {None}
        second = friend.sum_of(network.history(), replies)
        return np.array(fixed_point.decode(fixed_point.add(second, fixed_point.negate(first))))[1:]


def of_the_oldest(network, *sites):
    """Sum over events of the columns less those of the oldest at risk (the mean of several of one age)."""
    total = np.zeros(3)
    for name in sites:
        rows = network.cohorts[name].analysis_sets["os"]
        design = np.stack([rows.variables[column] for column in COLUMNS], axis=1)
        for i in np.flatnonzero(rows.event):
            risk = np.flatnonzero(rows.days >= rows.days[i])
            tied = np.flatnonzero((rows.days == rows.days[i]) & rows.event)
            oldest = [j for j in risk if design[j, 1] == design[risk, 1].max()]
            weights = [1 - (j in tied) * list(tied).index(i) / len(tied) for j in oldest]
            total += design[i] - np.average(design[oldest], axis=0, weights=weights)
    return total
