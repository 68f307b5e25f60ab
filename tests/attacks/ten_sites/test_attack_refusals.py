"""A site refuses an analysis in mid-run, under its mask. Nobody may learn which site it was, or its sums, and nobody
may take the refusal back."""

import sys
from collections import Counter

import numpy as np
import pytest

from riskset.analyses.methods.cox_fit import CoxFit
from riskset.disclosure.finding import judge
from riskset.disclosure.policy import default_policy
from riskset.errors import DataError
from riskset.protocol.contributing import Contributor
from riskset.protocol.witnessing import read_cosigned
from riskset.secure import fixed_point
from riskset.secure.envelope import verify
from riskset.secure.masks import noise

FEW = ("busan", "daegu", "tokyo", "osaka")
FRIEND, VICTIM = "daegu", "osaka"
MODEL = "cox/os/all/multivariable"
COX = {"kind": "cox", "endpoints": ["os"], "multivariable": ["arm", "age", "ecog"]}
NESTED = {
    "m1": {"kind": "cox", "endpoints": ["os"], "multivariable": ["ecog", "mvi"]},
    "m2": {"kind": "cox", "endpoints": ["os"], "multivariable": ["ecog", "mvi", "male"]},
}


class TestRefusalInTheMiddle:
    """A site refuses one of two nested models in mid-run. Were its numbers 0 in the one and true in the other, their
    difference would be its own sums."""

    REFUSED = f"{MODEL}/m2"

    def refuses(self, network):
        """The victim's own rules do not let the second model be evaluated."""
        contributor = network.sites[VICTIM]._runs["run"].contributor
        honest = contributor.findings

        def findings(history):
            asked = [(self.REFUSED, failing())] if history.phase == "first" else []
            return [*honest(history), *asked]

        contributor.findings = findings

    def test_a_refusal_in_mid_run_used_as_a_difference(self, network, patients, monkeypatch):
        # silence, and a flag that is down
        monkeypatch.setattr("riskset.protocol.contributing.noise", fixed_point.zeros)
        bare = network(patients(*FEW), NESTED).until("first")
        self.refuses(bare)
        bare.step()
        one, two = bare.told("first", MODEL), bare.told("first", self.REFUSED)
        own = dict(zip(*bare.journals[VICTIM].sent["run"][-1].numbers[0][1:], strict=True))
        assert one["log likelihood"] - two["log likelihood"] == pytest.approx(own["log likelihood"], abs=1e-9)
        assert one["slope in ecog = true"] - two["slope in ecog = true"] == pytest.approx(own["slope in ecog = true"])
        monkeypatch.undo()
        gated = network(patients(*FEW), NESTED).until("first")
        self.refuses(gated)
        gated.step()
        assert min(abs(x) for x in gated.told("first", self.REFUSED).values()) > 1e6
        assert len(vector_bytes(gated, VICTIM)) == len(vector_bytes(gated, "busan"))  # nobody sees who refused
        results = gated.run().results
        assert (results[self.REFUSED].rule, results[self.REFUSED].by) == ("R4", "a site")
        assert isinstance(results[MODEL], CoxFit)

    def test_without_a_refusal_both_models_pass(self, network, patients):
        results = network(patients(*FEW), NESTED).run().results
        assert isinstance(results[self.REFUSED], CoxFit)


def vector_bytes(network, name):
    """What a site sent last, as it was sent."""
    reply = network.journals[name].exchanges("run")[-1].reply
    return read_cosigned(verify(reply, network.roster.sites).payload).vector


def failing(phase="first"):
    """Returns what a site's own rows may say in a phase."""
    limit = "R7.spread" if phase == "later" else "R4.leverage"
    return judge(default_policy("pooled"), limit, "z", 99, own=True)


class TestTimeOfARefusal:
    """How soon a site answers shows that it refused, where it leaves out the work. Counted are the functions called
    and the noise drawn, not seconds."""

    PHASES = ("admission/pairs", "first", "later")
    WORK = ("riskset.stats", "riskset.analyses", "riskset.secure")

    def work(self, network, patients, phase, refused=()):
        """Returns how often the victim calls each function of `WORK` for its answer in a phase, and how much noise it
        draws."""
        made = network(patients(*FEW), NESTED).until(phase)
        contributor = made.sites[VICTIM]._runs["run"].contributor
        honest = contributor.judge_own
        contributor.judge_own = lambda history: [*honest(history), *((id_, failing(phase)) for id_ in refused)]
        request, done = made.coordinator.request(), Counter()

        def called(frame, event, arg):
            if event == "call" and frame.f_globals.get("__name__", "").startswith(self.WORK):
                drawn = frame.f_locals["n"] if frame.f_code is noise.__code__ else ""
                done[f"{frame.f_code.co_qualname} {drawn}"] += 1

        sys.setprofile(called)
        try:
            reply = made.sites[VICTIM].answer(request)
        finally:
            sys.setprofile(None)
        assert made.code(reply) is None
        assert len(made.journals[VICTIM].sent["run"][-1].numbers[-1][1]) == 0 or not refused
        return done

    BOTH = (MODEL, f"{MODEL}/m2")

    def test_the_time_of_an_answer_tells_who_refused(self, network, patients, monkeypatch):
        monkeypatch.setattr(Contributor, "_discarded", lambda self, question, history: np.zeros(question.size))
        honest = self.work(network, patients, "first")
        refuses = self.work(network, patients, "first", self.BOTH)
        assert honest["evaluate "] == 2
        assert refuses["evaluate "] == 0  # at once: nobody else answers as soon
        monkeypatch.undo()
        for phase in self.PHASES:
            assert self.work(network, patients, phase, self.BOTH) == self.work(network, patients, phase), phase

    def test_a_refused_analysis_that_cannot_be_computed_is_no_error(self, network, patients, monkeypatch):
        """At the point for which it is refused its arithmetic may fail; an error would name the site."""

        def fails(*args):
            raise ZeroDivisionError

        made = network(patients(*FEW), NESTED).until("first")
        contributor = made.sites[VICTIM]._runs["run"].contributor
        monkeypatch.setattr(contributor, "_local", fails)
        monkeypatch.setattr(
            contributor, "judge_own", lambda history: [(id_, failing(history.phase)) for id_ in self.BOTH]
        )
        results = made.run().results
        assert {(results[id_].rule, results[id_].by) for id_ in self.BOTH} == {("R4", "a site")}


class TestRefusalTakenBack:
    """The accomplice adds last and removes a flag from the sum: the analysis continues as if nobody had refused it."""

    def case(self, network, patients):
        table = patients(*FEW)
        victim = int(np.flatnonzero(table["site"] == VICTIM)[4])
        table["z1"] = (np.random.default_rng(3).random(len(table["site"])) < 0.4).astype(float)
        table["z1"][victim], table["z2"] = 0.0, table["z1"]
        table["z2"] = np.where(np.arange(len(table["site"])) == victim, 1.0, table["z1"])
        model = {"kind": "cox", "endpoints": ["os"], "multivariable": ["ecog", "mvi", "z1", "z2"], "ties": "breslow"}
        made = network(table, {"m": model})
        friend = made.accomplice(FRIEND)
        while made.history() is None or made.history().phase != "admission/products":
            friend.step()
        friend.step(self.as_if_all_passed)
        return made, friend, table, victim

    @staticmethod
    def as_if_all_passed(history, others):
        """No flag, and products in which nobody stands out."""
        spread = 100.0 * np.eye(4)[np.triu_indices(4)]
        return np.concatenate([[0.0], spread])

    def test_a_refusal_that_a_friend_takes_back(self, network, patients, monkeypatch):
        monkeypatch.setattr(Contributor, "findings", lambda self, history: forgetful(self, history))
        bare, friend, table, victim = self.case(network, patients)
        now, replies = bare.history(), friend.step()
        flag, *seen = fixed_point.decode(friend.sum_of(now, replies.values()))
        sd = bare.history().results["moments/os"].columns.values()
        slopes = np.array(seen[1:5]) * [moment.sd for moment in sd]
        here = table["site"] == VICTIM
        days, dead = table["days"][here], table["dead"][here]
        hazard = sum(
            dead[days == t].sum() / (days >= t).sum() for t in np.unique(days[dead == 1]) if t <= table["days"][victim]
        )
        assert flag == 0.0
        assert slopes[3] - slopes[2] == pytest.approx(table["dead"][victim] - hazard, abs=1e-9)  # of him alone
        monkeypatch.undo()
        gated, *_ = self.case(network, patients)
        request = gated.coordinator.request()
        assert gated.hears(VICTIM, request) == "history"
        gated.start_site(VICTIM)  # from its journal, as after a night
        assert gated.hears(VICTIM, request) == "history"
        assert gated.hears("busan", request) is None  # who refused nothing

    def test_a_refusal_stands_though_the_answer_was_not_kept(self, network, patients, monkeypatch):
        """A full disk in the round of the refusal: asked again, the site refuses the analysis again, and goes on."""
        table = patients(*FEW)
        table["z1"] = (np.random.default_rng(3).random(len(table["site"])) < 0.4).astype(float)
        table["z2"] = np.where(np.arange(len(table["site"])) == 250, 1 - table["z1"], table["z1"])
        made = network(table, {"m": COX, "z": {"kind": "cox", "endpoints": ["os"], "multivariable": ["z1", "z2"]}})
        made.until("admission/products")
        owner = str(table["site"][250])
        with monkeypatch.context() as full:
            full.setattr(made.journals[owner], "record", disk_full)
            with pytest.raises(DataError):
                made.sites[owner].answer(made.coordinator.request())
        results = made.run().results
        assert isinstance(results[MODEL], CoxFit)
        assert results[f"{MODEL}/z"].rule == "R2"


def disk_full(*args):
    raise DataError("cannot write: no space left on device")


def forgetful(contributor, history):
    """The findings of a site that does not remember what it refused."""
    contributor.refused.clear()
    return FINDINGS(contributor, history)


FINDINGS = Contributor.findings
