"""The masks: what is added cancels, what is alone is noise. And what an attacker who has two vectors of one site gets:
of two rounds, of one round twice, of a refusal in the middle."""

import copy
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskset.analyses.methods.cox_fit import CoxFit
from riskset.disclosure import cells
from riskset.disclosure.exposure import of_admission, total
from riskset.disclosure.gate import Gate, Summary, SummaryPart
from riskset.disclosure.policy import default_policy
from riskset.errors import Refused
from riskset.protocol.contributing import contribution
from riskset.protocol.witnessing import read_cosigned
from riskset.secure import fixed_point
from riskset.secure.envelope import verify
from riskset.secure.masks import NoMasks, PairwiseMasks, new_secret, public_of

FEW = ("busan", "daegu", "tokyo", "osaka")
VICTIM = "osaka"
MODEL = "cox/os/all/multivariable"
HISTORY = "ab" * 32
ENOUGH = 4000
"""Numbers of 16 bytes, in which a byte's 256 values are counted."""

limbs = st.lists(st.integers(0, 2**128 - 1), min_size=1, max_size=6)


def counted(n):
    """Returns the part of a round that asks for n counts of patients."""
    return [SummaryPart(of_admission([]), tuple(total(f"count {i}") for i in range(n)))]


def vector(numbers):
    """Returns 128-bit integers as a vector."""
    low, high = ([n & (2**64 - 1) for n in numbers], [n >> 64 for n in numbers])
    return np.array([low, high], np.uint64)


def integers(limbs):
    return [int(high) << 64 | int(low) for low, high in limbs.T.tolist()]


def parties(n, run="run"):
    """Returns the masks of n participants of a run, by name."""
    secrets = {f"site{i:02}": new_secret() for i in range(n)}
    keys = {name: public_of(secret) for name, secret in secrets.items()}
    return {name: PairwiseMasks(secret, name, keys, {"run": run}) for name, secret in secrets.items()}


TWELVE = {n: parties(n) for n in range(2, 13)}


class TestLaws:
    @given(st.data(), st.integers(2, 12))
    def test_the_sum_of_masked_vectors_is_the_sum_of_the_plain_ones(self, data, n):
        """Any number of participants, any integers modulo 2^128, carries between the limbs among them."""
        size = data.draw(st.integers(1, 5))
        plain = data.draw(
            st.lists(st.lists(st.integers(0, 2**128 - 1), min_size=size, max_size=size), min_size=n, max_size=n)
        )
        masked = [m.mask(vector(v), 3, HISTORY) for m, v in zip(TWELVE[n].values(), plain, strict=True)]
        assert integers(fixed_point.total(masked)) == [sum(column) % 2**128 for column in zip(*plain, strict=True)]

    @given(limbs, limbs)
    def test_addition_is_that_of_integers_modulo_2_to_the_128(self, a, b):
        n = min(len(a), len(b))
        a, b = a[:n], b[:n]
        assert integers(fixed_point.add(vector(a), vector(b))) == [(x + y) % 2**128 for x, y in zip(a, b, strict=True)]
        assert integers(fixed_point.negate(vector(a))) == [-x % 2**128 for x in a]

    @given(st.lists(st.floats(-(2.0**53), 2.0**53), min_size=1, max_size=8), st.integers(2, 12))
    def test_real_numbers_add_to_within_the_resolution(self, numbers, n):
        masked = [m.mask(fixed_point.encode(numbers, n), 1, HISTORY) for m in TWELVE[n].values()]
        for summed, x in zip(integers(fixed_point.total(masked)), numbers, strict=True):
            signed = summed - 2**128 if summed >> 127 else summed
            assert abs(Fraction(signed, 2**64) - n * Fraction(x)) <= Fraction(n, 2**64)

    @pytest.mark.parametrize("other", ["round", "history", "participants", "run", "key"])
    def test_another_run_round_history_or_list_has_streams_of_its_own(self, other):
        """No key ever makes two streams: the difference of two is noise, not what was masked."""
        secrets = {name: new_secret() for name in "abc"}

        def masks(names="abc", run="run", **changed):
            keys = {name: public_of(changed.get(name, secrets[name])) for name in names}
            return PairwiseMasks(secrets["a"], "a", keys, {"run": run})

        plain, first = fixed_point.zeros(ENOUGH), masks()
        second = {
            "round": lambda: first.mask(plain, 2, HISTORY),
            "history": lambda: first.mask(plain, 1, "cd" * 32),
            "participants": lambda: masks("ab").mask(plain, 1, HISTORY),
            "run": lambda: masks(run="other").mask(plain, 1, HISTORY),
            "key": lambda: masks(c=new_secret()).mask(plain, 1, HISTORY),
        }[other]()
        difference = fixed_point.add(first.mask(plain, 1, HISTORY), fixed_point.negate(second))
        assert is_uniform(difference)

    def test_one_contribution_alone_is_uniform(self):
        for masks in TWELVE[3].values():
            assert is_uniform(masks.mask(fixed_point.encode(np.full(ENOUGH, 7.0), 3), 1, HISTORY))

    def test_all_but_two_together_learn_nothing_of_either(self):
        """The sum of the two is in the open; each alone is masked by the other."""
        masks = TWELVE[5]
        plain = {name: fixed_point.encode(np.full(ENOUGH, float(i)), 5) for i, name in enumerate(masks)}
        sent = {name: m.mask(plain[name], 1, HISTORY) for name, m in masks.items()}
        others = list(masks)[2:]
        for name in list(masks)[:2]:
            unmasked = sent[name]
            for other in others:  # whoever holds the others' keys takes their streams off
                pair = copy.copy(masks[other])
                pair._shared = {name: masks[other]._shared[name]}
                unmasked = fixed_point.add(unmasked, pair.mask(fixed_point.zeros(ENOUGH), 1, HISTORY))
            assert is_uniform(unmasked)

    def test_the_test_of_uniformity_can_fail(self):
        assert not is_uniform(fixed_point.encode(np.full(ENOUGH, 7.0), 3))
        assert not is_uniform(fixed_point.encode(np.random.default_rng(1).normal(0, 1e9, ENOUGH), 3))


def is_uniform(masked):
    """Chi-square of each of the 16 bytes of a number against 256 equal shares: 255 degrees of freedom, p > 5e-16."""
    columns = np.frombuffer(masked.T.astype("<u8").tobytes(), np.uint8).reshape(-1, 16).T
    expected = masked.shape[1] / 256
    chi2 = [((np.bincount(column, minlength=256) - expected) ** 2 / expected).sum() for column in columns]
    return max(chi2) < 480


class TestGateAndSending:
    """From figures to bytes: flags and silent numbers are noise, the rest is exact."""

    @given(st.data())
    def test_what_is_refused_is_noise_and_the_rest_is_exact(self, data):
        n, k = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 4))
        finite = st.floats(-(2.0**53), 2.0**53)
        values = np.array(data.draw(st.lists(finite, min_size=n, max_size=n)))
        silent = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
        refused = set(data.draw(st.lists(st.integers(0, k - 1), max_size=k)))
        findings = [(str(i), failing()) for i in refused]
        asked = [str(i) for i in range(k)]
        released = Gate().release(asked, findings, lambda told: Summary(values, silent), counted(n), None)
        sent = integers(fixed_point.from_bytes(contribution(released, 3, NoMasks(), 1, HISTORY), k + n))
        exact = integers(fixed_point.encode(values, 3))
        assert [i for i, flag in enumerate(sent[:k]) if flag] == sorted(refused)
        assert all(flag > 2**64 for flag in sent[:k] if flag)  # noise, not a 1 that could be counted
        assert [x for x, s in zip(sent[k:], silent, strict=True) if not s] == [
            x for x, s in zip(exact, silent, strict=True) if not s
        ]
        assert all(x != y for x, y, s in zip(sent[k:], exact, silent, strict=True) if s)
        assert not (released.values * silent).any()

    @given(st.sampled_from([np.nan, np.inf, -np.inf, 2.0**53 * 1.01, 2.0**63, 1e300]), st.integers(0, 3))
    def test_a_value_that_would_wrap_or_is_no_number_stays_in(self, value, at):
        values = np.zeros(4)
        values[at] = value
        silent = np.zeros(4, bool)
        with pytest.raises(Refused) as no:
            Gate().release(["a"], [], lambda told: Summary(values, silent), counted(4), None)
        assert no.value.code == "gate"
        silent[at] = True  # where it is of a refused analysis it is not read at all
        released = Gate().release(["a"], [("a", failing())], lambda told: Summary(values, silent), counted(4), None)
        assert len(contribution(released, 3, NoMasks(), 1, HISTORY)) == 5 * 16

    @pytest.mark.parametrize("parties", [2, 10, 1000])
    def test_values_that_would_wrap_in_the_sum_are_refused(self, parties):
        limit = 2.0**63 / parties
        with pytest.raises(ValueError, match="too large for the fixed-point sum"):
            fixed_point.encode([limit], parties)
        largest = np.nextafter(limit, 0)
        total = fixed_point.decode(fixed_point.total([fixed_point.encode([largest], parties)] * parties))[0]
        assert total == pytest.approx(2.0**63, rel=1e-12)


def failing():
    return cells.level(default_policy("pooled"), "z", 1, 100)


class TestTwoVectorsOfOneSite:
    def test_the_difference_of_one_sites_masked_vectors_of_two_rounds(self, network, patients, monkeypatch):
        """The curves' rounds of two runs, or two rounds of one length: were the mask the same, the difference of two
        points' log likelihoods would be in the clear."""

        def difference(network):
            network.until("later").goes(2)
            first, second = network.reads()[-2:]
            assert first.phase == second.phase == "later"
            vectors = [vector_of(network, r) for r in (-1, -2)]
            return fixed_point.add(vectors[0], fixed_point.negate(vectors[1]))

        mask = PairwiseMasks.mask
        monkeypatch.setattr(PairwiseMasks, "mask", lambda self, vector, round_, history: mask(self, vector, 0, ""))
        bare = network(patients(*FEW))
        seen = fixed_point.decode(difference(bare))
        sent = [dict(zip(*one.numbers[0][1:], strict=True)) for one in bare.journals[VICTIM].sent["run"][-2:]]
        assert seen[1] == pytest.approx(sent[1]["log likelihood"] - sent[0]["log likelihood"], abs=1e-12)
        monkeypatch.undo()
        gated = network(patients(*FEW))
        assert np.abs(fixed_point.decode(difference(gated))).min() > 1e9
        assert isinstance(gated.run().results[MODEL], CoxFit)

    def test_a_second_masked_vector_for_one_round(self, network, patients):
        """A journal that forgets lets a second vector be made, of other numbers under the same mask; one that does not
        answers with the first, whatever is asked."""
        bare = network(patients(*FEW)).until("admission/counts")
        request = bare.coordinator.request()
        first = bare.sites[VICTIM].answer(request)
        forgetful = copy.deepcopy(bare.journals[VICTIM])
        forgetful.kept["run"].pop()
        rows = bare.cohorts[VICTIM].analysis_sets["os"]
        alive = int(np.flatnonzero(~rows.event)[0])
        kept = bare.rows[VICTIM]
        bare.updates(VICTIM, alive, event=1)
        bare.journals[VICTIM], bare.rows[VICTIM] = forgetful, kept
        bare.start_site(VICTIM)
        second = bare.sites[VICTIM].answer(request)
        vectors = [bare.history().read(verify(reply, bare.roster.sites)) for reply in (second, first)]
        difference = fixed_point.decode(fixed_point.add(vectors[0], fixed_point.negate(vectors[1])))
        assert difference[1] == 1.0  # one event more: the masks are gone
        assert not any(difference[2:])
        gated = network(patients(*FEW)).until("admission/counts")
        request = gated.coordinator.request()
        first = gated.sites[VICTIM].answer(request)
        assert gated.sites[VICTIM].answer(request) == first
        assert gated.sites[VICTIM].answer(gated.relay(lambda parts: parts[:1])) == first
        gated.start_site(VICTIM)
        assert gated.sites[VICTIM].answer(gated.forge(request, type="close")) == first
        assert isinstance(gated.run().results[MODEL], CoxFit)

    def test_two_processes_over_one_journal_make_one_vector(self, network, patients):
        gated = network(patients(*FEW)).until("admission/counts")
        request = gated.coordinator.request()
        first = gated.sites[VICTIM]
        gated.start_site(VICTIM)
        second = gated.sites[VICTIM]
        second.answer(gated.journals[VICTIM].exchanges("run")[-1].request)  # it has read the journal up to here
        kept = first.answer(request)
        assert gated.code(second.answer(request)) == "history"
        assert [one.reply for one in gated.journals[VICTIM].exchanges("run")].count(kept) == 1
        assert len(gated.journals[VICTIM].exchanges("run")) == 3


def vector_bytes(network, name, back=-1):
    reply = network.journals[name].exchanges("run")[back].reply
    return fixed_point.to_bytes(read_vector(verify(reply, network.roster.sites)))


def read_vector(message):
    data = read_cosigned(message.payload).vector
    return fixed_point.from_bytes(data, len(data) // 16)


def vector_of(network, back):
    """The victim's masked vector of an earlier round."""
    return read_vector(verify(network.journals[VICTIM].exchanges("run")[back].reply, network.roster.sites))
