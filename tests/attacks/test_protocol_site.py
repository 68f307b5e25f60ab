"""Attacks on a site by a compromised coordinator, or by someone in between. Each is refused by one code; then the
honest message is answered, so that nothing is lost by the attempt."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from riskset.errors import Refused, VerificationError
from riskset.protocol.opening import Opening
from riskset.protocol.program import here
from riskset.protocol.roster import read_roster, sign_roster
from riskset.secure import fixed_point
from riskset.secure.envelope import frame, seal, unframe, verify
from riskset.secure.keys import new_identity
from riskset.study.load import study_hash

A_ROUND = 2
"""Rounds gone when most attacks begin: opening, how many patients; how many of each level is next."""
FURTHER_PHASES = ["admission/cohorts", "admission/pairs", "first", "close"]
"""Where contributions of the last round are shown and the next ones asked for."""
EXHAUSTIVE = pytest.mark.exhaustive
OF_TWO = ("asan", "kurume")
"""The site that is asked, and another."""
ALL = Opening(("asan", "kurume", "osaka")).to_bytes(here())


def refused(federation, code, *requests):
    """The site refuses each with `code`, stores nothing, and answers the honest message; the run then completes."""
    kept = len(federation.journals["asan"].exchanges(federation.run_id))
    assert [federation.hears("asan", request) for request in requests] == [code] * len(requests)
    assert len(federation.journals["asan"].exchanges(federation.run_id)) == kept
    assert federation.hears("asan", federation.coordinator.request()) is None
    federation.run()


@pytest.mark.parametrize("rounds", [0, A_ROUND])
class TestWhoSpeaks:
    def test_an_unsigned_message(self, federation, rounds):
        party = federation().goes(rounds)
        head, payload, _ = unframe(party.coordinator.request())
        refused(party, "message", frame([head, payload, bytes(64)]))

    def test_a_message_signed_by_someone_else(self, federation, rounds):
        party = federation().goes(rounds)
        refused(party, "message", party.forge(party.coordinator.request(), key=new_identity()))

    def test_a_site_that_signs_in_the_coordinators_name(self, federation, rounds):
        party = federation().goes(rounds)
        refused(party, "message", party.forge(party.coordinator.request(), key=party.keys["kurume"]))

    def test_a_site_that_asks_in_its_own_name(self, federation, rounds):
        party = federation().goes(rounds)
        request = party.forge(party.coordinator.request(), key=party.keys["kurume"], sender="kurume")
        refused(party, "message", request)

    def test_a_coordinator_with_another_key_and_its_own_roster(self, federation, rounds):
        party, other = federation().goes(rounds), federation().goes(rounds)
        refused(party, "message", other.coordinator.request())

    def test_garbage(self, federation, rounds):
        refused(federation().goes(rounds), "message", b"", b"x", bytes(4), bytes(12), b"\xff" * 100)

    def test_a_message_cut_short(self, federation, rounds):
        party = federation().goes(rounds)
        refused(party, "message", *(party.coordinator.request()[:-cut] for cut in (1, 64, 200)))


@pytest.mark.parametrize("rounds", [0, A_ROUND])
class TestWhatIsAgreed:
    def test_another_study(self, federation, patients, rounds):
        """One number changed in the study: another hash, another question."""
        party = federation().goes(rounds)
        other = study_hash(patients.study(party.cohorts, width_days=8))
        refused(party, "study", party.forge(party.coordinator.request(), study=other))

    def test_another_roster(self, federation, rounds):
        """The coordinator signs a second roster, in which it holds the key of kurume."""
        party = federation().goes(rounds)
        refused(party, "roster", party.forge(party.coordinator.request(), roster="0" * 64))

    def test_a_round_below_0(self, federation, rounds):
        party = federation().goes(rounds)
        refused(party, "message", party.forge(party.coordinator.request(), round=-1))


class TestParticipants:
    @pytest.mark.parametrize(
        "names",
        ['["kurume","osaka"]', '["asan","asan","kurume"]', '["asan","kurume","nobody"]', '["asan"]', "[]"],
        ids=["without the site", "one twice", "one unknown", "nobody else", "none"],
    )
    def test_a_list_that_is_not_of_distinct_sites_with_this_one(self, federation, names):
        party = federation()
        payload = ALL.replace(b'["asan","kurume","osaka"]', names.encode())
        code = "compared" if "nobody" in names else "participants"
        refused(party, code, party.forge(party.coordinator.request(), payload=payload))

    def test_a_malformed_list(self, federation):
        party = federation()
        none = [b"", b"null", b"{}", b'{"participants":"asan"}', b'{"participants":[1]}', ALL[:-1], ALL[:-2] + b',"x"}']
        requests = [party.forge(party.coordinator.request(), payload=payload) for payload in none]
        refused(party, "participants", *requests)

    def test_two_sites_given_different_participants(self, federation):
        """What A alone would add to B's sums is never asked: they part at the first round that shows contributions."""
        party = federation()
        opening = party.coordinator.request()
        pair = party.forge(opening, payload=ALL.replace(b',"osaka"', b""))
        replies = {site: party.sites[site].answer(pair if site == "asan" else opening) for site in party.sites}
        assert {party.code(reply) for reply in replies.values()} == {None}
        shown = party.shown()
        first = party.forge(opening, type="round", round=1, payload=frame([shown, *replies.values()]))
        assert party.hears("asan", first) == "history"
        without = party.forge(first, payload=frame([shown, replies["asan"], replies["kurume"]]))
        assert party.hears("kurume", without) == "history"

    def test_a_second_opening_with_other_participants(self, federation):
        """The participants of the run are fixed; the site repeats its earlier answer."""
        party = federation()
        opening = party.coordinator.request()
        answer = party.sites["asan"].answer(opening)
        again = party.forge(opening, payload=ALL.replace(b',"osaka"', b""))
        assert party.sites["asan"].answer(again) == answer
        party.run()


class TestOrder:
    def test_a_round_before_the_opening(self, federation):
        party = federation()
        request = party.forge(party.coordinator.request(), type="round", round=1)
        refused(party, "order", request)

    def test_a_round_that_is_not_next(self, federation):
        party = federation().goes(A_ROUND)
        refused(party, "order", party.forge(party.coordinator.request(), round=A_ROUND + 1))

    def test_a_round_of_another_run(self, federation):
        party = federation().goes(A_ROUND)
        refused(party, "order", party.forge(party.coordinator.request(), run="other"))

    def test_an_end_before_the_models_are_fitted(self, federation):
        party = federation().goes(A_ROUND)
        refused(party, "order", party.forge(party.coordinator.request(), type="close"))

    def test_a_round_where_the_run_has_come_to_its_end(self, federation):
        """One more evaluation at a point of the coordinator's choice."""
        party = federation()
        party.goes_to("close")
        refused(party, "order", party.forge(party.coordinator.request(), type="round"))

    def test_a_round_after_the_end(self, federation):
        party = federation()
        party.run()
        last = party.coordinator.outcome().replies[-1]
        request = seal(
            party.coordinator_key,
            frame([party.shown(), *(reply.raw for reply in last)]),
            type="round",
            study=last[0].head.study,
            roster=last[0].head.roster,
            run=party.run_id,
            round=last[0].head.round + 1,
            sender="coordinator",
            history=last[0].head.history,
        )
        assert party.hears("asan", request) == "order"

    def test_a_message_of_no_type_that_asks(self, federation):
        party = federation().goes(A_ROUND)
        types = ["contribution", "refused", "opened", "", "anything"]
        refused(party, "order", *(party.forge(party.coordinator.request(), type=type_) for type_ in types))


class TestReplay:
    def test_the_same_message_twice_is_answered_by_the_same_bytes_and_computed_once(self, federation):
        party = federation().goes(A_ROUND)
        request = party.coordinator.request()
        first = party.sites["asan"].answer(request)
        party.sites["asan"]._runs[party.run_id].contributor.own = None  # whatever is computed now would fail
        assert party.sites["asan"].answer(request) == first
        assert len(party.journals["asan"].exchanges(party.run_id)) == A_ROUND + 1

    def test_an_old_message_is_answered_by_the_old_bytes(self, federation):
        party, heard = federation(), []
        while not party.coordinator.is_finished:
            request = party.coordinator.request()
            party.step()
            heard.append((request, party.journals["asan"].exchanges(party.run_id)[-1].reply))
        for request, reply in reversed(heard):
            assert party.sites["asan"].answer(request) == reply

    def test_another_question_for_a_round_that_was_answered(self, federation):
        """Two vectors for one round would be two equations in the same patients."""
        party = federation().goes(A_ROUND)
        answer = party.sites["asan"].answer(party.coordinator.request())
        other = party.relay(lambda parts: parts[::-1])
        assert other != party.coordinator.request()
        assert party.sites["asan"].answer(other) == answer


def of(party, site, parts):
    """Returns the index of a site's contribution."""
    return next(i for i, part in enumerate(parts) if verify(part, party.roster.sites).head.sender == site)


def without(party, site, parts):
    return [part for i, part in enumerate(parts) if i != of(party, site, parts)]


@pytest.mark.parametrize("phase", ["later", *(pytest.param(phase, marks=EXHAUSTIVE) for phase in FURTHER_PHASES)])
class TestContributions:
    """A site accepts no total: it adds what the sites signed in a round that it saw itself."""

    def test_one_is_missing(self, federation, phase):
        party = federation().goes_to(phase)
        requests = [party.relay(lambda parts, site=site: without(party, site, parts)) for site in OF_TWO]
        refused(party, "history", *requests)

    def test_one_appears_twice(self, federation, phase):
        party = federation().goes_to(phase)
        requests = [party.relay(lambda parts, site=site: [*parts, parts[of(party, site, parts)]]) for site in OF_TWO]
        refused(party, "history", *requests)

    def test_one_appears_twice_for_another(self, federation, phase):
        party = federation().goes_to(phase)
        change = lambda parts, site: [*without(party, "osaka", parts), parts[of(party, site, parts)]]  # noqa: E731
        refused(party, "history", *(party.relay(partial(change, site=site)) for site in OF_TWO))

    def test_one_is_altered(self, federation, phase):
        party = federation().goes_to(phase)

        def alter(parts, site):
            head, payload, signature = unframe(parts[of(party, site, parts)])
            payload = bytes([payload[0] ^ 1]) + payload[1:]
            return [*without(party, site, parts), frame([head, payload, signature])]

        refused(party, "history", *(party.relay(partial(alter, site=site)) for site in OF_TWO))

    def test_one_is_signed_by_another_site(self, federation, phase):
        party = federation().goes_to(phase)

        def alter(parts):
            part = parts[of(party, "kurume", parts)]
            return [*without(party, "kurume", parts), party.forge(part, key=party.keys["osaka"])]

        refused(party, "history", party.relay(alter))

    def test_one_is_from_another_round(self, federation, phase):
        party = federation().goes_to(phase)
        sent = [exchange.reply for exchange in party.journals["kurume"].exchanges(party.run_id)]
        earlier = sent[-2] if len(sent) > 1 else party.forge(sent[0], key=party.keys["kurume"], round=1)

        def alter(parts):
            return [*without(party, "kurume", parts), earlier]

        refused(party, "history", party.relay(alter))

    def test_one_belongs_to_something_else(self, federation, phase):
        """A colluding site signs its contribution to another run of the same sites."""
        party = federation().goes_to(phase)

        def altered(field):
            def alter(parts):
                part = parts[of(party, "kurume", parts)]
                other = party.forge(part, key=party.keys["kurume"], **{field: "other"})
                return [*without(party, "kurume", parts), other]

            return party.relay(alter)

        refused(party, "history", *map(altered, ["study", "roster", "run", "history", "type"]))

    def test_no_contributions_at_all(self, federation, phase):
        party = federation().goes_to(phase)
        nothing = [b"", b"garbage", bytes(3)]
        refused(party, "history", *(party.forge(party.coordinator.request(), payload=payload) for payload in nothing))

    def test_a_history_that_the_coordinator_made_up(self, federation, phase):
        party = federation().goes_to(phase)
        refused(party, "history", party.forge(party.coordinator.request(), history="0" * 64))


def test_a_site_that_sends_a_vector_of_another_length(federation):
    party = federation().goes(A_ROUND)

    def alter(parts, length):
        part = parts[of(party, "kurume", parts)]
        longer = party.with_vector(part, lambda vector: vector[:length] if length < 0 else vector + bytes(length))
        return [*without(party, "kurume", parts), longer]

    refused(party, "history", *(party.relay(partial(alter, length=length)) for length in (-16, -1, 1, 16)))


def test_a_site_that_shows_two_contributions_with_the_coordinators_help(federation):
    """asan and osaka get different numbers, each with a valid signature. The next round reveals it: their histories
    differ, and no message fits both."""
    party = federation().goes(A_ROUND)
    request = party.coordinator.request()

    def with_other(parts):
        other = party.with_vector(parts[of(party, "kurume", parts)], lambda vector: bytes([vector[0] ^ 1]) + vector[1:])
        return [*without(party, "kurume", parts), other]

    other = party.relay(with_other)
    assert party.hears("asan", other) == "history"  # the coordinator still names the first history
    forked = federation_hash_of(party, other)
    other = party.forge(other, history=forked)
    replies = {"asan": party.sites["asan"].answer(other)}
    replies |= {site: party.sites[site].answer(request) for site in ("kurume", "osaka")}
    assert {site: party.code(reply) for site, reply in replies.items()} == dict.fromkeys(party.sites)
    following = party.forge(request, round=A_ROUND + 1, payload=frame([party.shown(), *replies.values()]))
    assert {site: party.hears(site, following) for site in party.sites} == dict.fromkeys(party.sites, "history")


def federation_hash_of(party, request):
    """Returns the history after the contributions of `request`, as anyone can derive it."""
    contributions = [verify(part, party.roster.sites) for part in unframe(unframe(request)[1])[1:]]
    site = party.sites["asan"]
    return site._runs[party.run_id].history.advance(contributions).hash


def test_a_roster_changed_after_its_signature(federation):
    party = federation()
    text = sign_roster("trial", party.coordinator_key, {})
    assert read_roster(text).study_id == "trial"
    with pytest.raises(VerificationError, match="changed after the coordinator signed"):
        read_roster(text.replace(b'"trial"', b'"other"'))


LIES = {
    "a thousand less": lambda n: np.full(n, -1000.0),
    "very much more": lambda n: np.full(n, 2.0**52),
    "very much less": lambda n: np.full(n, -(2.0**52)),
    "fractions of patients": lambda n: np.full(n, 0.3),
    "anything": lambda n: np.random.default_rng(1).normal(0, 1e4, n),
}


def lies(party, lie):
    """A site's change of its honest vector: of all numbers behind the flags, whether or not they are masked."""

    def change(vector):
        n, flags = len(vector) // fixed_point.BYTES_PER_NUMBER, len(party.coordinator.analyses_left)
        added = fixed_point.concatenate([fixed_point.zeros(flags), fixed_point.encode(LIES[lie](n - flags), 3)])
        return fixed_point.to_bytes(fixed_point.add(fixed_point.from_bytes(vector, n), added))

    return change


FURTHER_ROUNDS = ["admission/cohorts", "admission/pairs", "admission/products", "first"]


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize(
    "phase", ["admission/counts", "later", *(pytest.param(phase, marks=EXHAUSTIVE) for phase in FURTHER_ROUNDS)]
)
def test_a_site_that_sends_sums_no_patients_have(federation, phase, lie):
    """No party crashes: either the run ends with the results of such sums, the same at all parties; or the coordinator
    stores nothing from them and says so, and so does a site that is shown them anyway."""
    party = federation().goes_to(phase)
    request, rounds = party.coordinator.request(), party.coordinator.round
    replies = {site: party.sites[site].answer(request) for site in party.sites}
    replies["osaka"] = party.with_vector(replies["osaka"], lies(party, lie))
    kept = party.journals["osaka"].kept[party.run_id]
    kept[-1] = replace(kept[-1], reply=replies["osaka"])
    party.start_site("osaka")
    try:
        end = party.run()
    except Refused as no:
        end = no
    if not isinstance(end, Refused):
        assert set(end.results) >= {"km/os/all", "cox/os/all/multivariable"}
        return
    assert str(end).startswith(f"round {rounds} brought sums for {phase}")
    following = party.forge(request, round=rounds + 1, payload=frame([party.shown(), *replies.values()]))
    assert party.hears("asan", following) == "totals"
    party.start_coordinator()  # nothing was kept of the reply, and the run waits for another
    assert party.coordinator.waiting_for == ("osaka",)


def test_a_negative_sum_of_squares(federation):
    """One of those above that give no result."""
    party = federation().goes_to("admission/counts")
    reply = party.with_vector(party.sites["osaka"].answer(party.coordinator.request()), lies(party, "a thousand less"))
    for site in ("asan", "kurume"):
        party.coordinator.accept(party.sites[site].answer(party.coordinator.request()))
    with pytest.raises(Refused, match="round 2 brought sums for admission/counts that give no result") as no:
        party.coordinator.accept(reply)
    assert no.value.code == "totals"
