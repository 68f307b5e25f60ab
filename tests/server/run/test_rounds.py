"""The conductor over a network that loses, delays, breaks and forges: the run ends in the same result, and is told."""

import random

import numpy as np
import pytest

from riskset.catalogue import say
from riskset.errors import Refused, Unreachable
from riskset.rehearsal import Rehearsal
from riskset.study.spec import Disclosure
from riskset_server.run.rounds import ASK_AGAIN_S, HEAR_ALL_S, RETRY_S, Arrival, Conductor
from riskset_server.run.staying_out import NextRun

SITES = ("asan", "kurume", "osaka")


class Clock:
    """Time that passes only where somebody sleeps."""

    def __init__(self):
        self.seconds = 0.0

    def now(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


class Network:
    """Carries bytes to the sites of a rehearsal and back. What it does to them is set by its verbs."""

    def __init__(self, rehearsal, clock):
        self.rehearsal, self.clock = rehearsal, clock
        self.reachable = set(rehearsal.sites)
        self.on_way = []
        self.sent = []
        self.restarts = 0
        self.is_lost = lambda site: False
        self.delay_s = lambda site: 0.0
        self.changes = lambda site, reply: reply
        self.breaks = lambda: False

    def online(self):
        self._may_break()
        return self.reachable

    def send(self, sites, payload):
        for site in sites:
            self._carry(site, payload)

    def _carry(self, site, payload):
        self._may_break()
        self.sent.append((self.clock.seconds, site, payload))
        if self.is_lost(site):
            return
        reply = self.changes(site, self.rehearsal.sites[site].answer(payload))
        arrival = reply if isinstance(reply, Arrival) else Arrival(site, reply)
        self.on_way.append((self.clock.seconds + self.delay_s(site), arrival))

    def collect(self):
        self._may_break()
        here = [arrival for due, arrival in self.on_way if due <= self.clock.seconds]
        self.on_way = [(due, arrival) for due, arrival in self.on_way if due > self.clock.seconds]
        return here

    def restart(self):
        self.restarts += 1
        self._may_break()

    def _may_break(self):
        if self.breaks():
            self.on_way.clear()  # what was on its way is gone with the engine's run
            raise Unreachable("the server is away")


class Watch:
    def __init__(self):
        self.troubles, self.answers, self.rounds, self.waited_for, self.unwilling = [], [], [], [], []

    def waiting(self, coordinator, online, unwilling):
        self.waited_for.append((coordinator.waiting_for, frozenset(online)))
        self.unwilling.append(frozenset(unwilling))

    def answered(self, site, round_, seconds):
        self.answers.append((round_, site, seconds))

    def round_done(self, round_, seconds, sites):
        self.rounds.append((round_, seconds, sites))

    def trouble(self, message):
        self.troubles.append(str(message))


class Run:
    """A conductor with its network, clock and watch."""

    def __init__(self, rehearsal):
        self.rehearsal = rehearsal
        self.clock, self.watch = Clock(), Watch()
        self.network = Network(rehearsal, self.clock)

    def go(self):
        self.declined = []
        heard = lambda *said: self.declined.append(said)  # noqa: E731
        next_run = NextRun(self.rehearsal.study.disclosure)
        return Conductor(self.rehearsal.coordinator, self.network, self.clock, self.watch, next_run, heard).run()

    def ends_as(self, expected):
        model = self.go().results["cox/os/all/multivariable"]
        assert model == expected


@pytest.fixture(scope="module")
def study_and_cohorts(patients):
    rows = patients.rows(seed=1, n=90)
    return patients.study(SITES), patients.deal(rows, np.array(SITES)[np.arange(90) % 3])


@pytest.fixture
def run(study_and_cohorts):
    return Run(Rehearsal(*study_and_cohorts))


@pytest.fixture(scope="module")
def expected(study_and_cohorts):
    return Rehearsal(*study_and_cohorts).run().results["cox/os/all/multivariable"]


def test_a_network_without_trouble(run, expected):
    run.ends_as(expected)
    rounds = len(run.watch.rounds)
    assert [number for number, _, _ in run.watch.rounds] == list(range(rounds))
    assert sorted((round_, site) for round_, site, _ in run.watch.answers) == [
        (round_, site) for round_ in range(rounds) for site in SITES
    ]
    assert len(run.network.sent) == 3 * rounds
    assert run.watch.troubles == []


def test_a_site_is_asked_again_only_after_its_time(run, expected):
    """Its first answer in each round is lost; nobody else hears of it."""
    lost = set()

    def is_lost(site):
        number = run.rehearsal.coordinator.round
        return site == "kurume" and number not in lost and not lost.add(number)

    run.network.is_lost = is_lost
    run.ends_as(expected)
    asked = {site: [t for t, s, _ in run.network.sent if s == site] for site in SITES}
    assert len(asked["kurume"]) == 2 * len(run.watch.rounds)
    assert len(asked["asan"]) == len(run.watch.rounds)
    waits = [later - first for first, later in zip(asked["kurume"][::2], asked["kurume"][1::2], strict=True)]
    assert all(ASK_AGAIN_S < wait < ASK_AGAIN_S + 0.1 for wait in waits)


def test_a_repeat_is_the_same_bytes(run, expected):
    """Else the site would have two messages for one round."""
    run.network.delay_s = lambda site: 2.5 * ASK_AGAIN_S if site == "osaka" else 0.0
    run.ends_as(expected)
    of_osaka = [payload for _, site, payload in run.network.sent if site == "osaka"]
    assert len(of_osaka) == 3 * len(run.watch.rounds)
    assert len(set(of_osaka)) == len(run.watch.rounds)
    assert len([1 for _, site, _ in run.watch.answers if site == "osaka"]) == len(run.watch.rounds)


@pytest.mark.parametrize("seed", range(5))
def test_everything_at_once(run, expected, seed):
    """Half of all messages are lost, the rest come late and in any order, and the server goes away now and then."""
    chance = random.Random(seed)
    run.network.is_lost = lambda site: chance.random() < 0.5
    run.network.delay_s = lambda site: chance.uniform(0, 2 * ASK_AGAIN_S)
    run.network.breaks = lambda: chance.random() < 0.001
    run.ends_as(expected)
    assert run.network.restarts > 1
    assert any("the server is away" in trouble for trouble in run.watch.troubles)


def test_a_site_that_comes_late_is_waited_for(run, expected):
    run.network.reachable = {"asan", "kurume"}
    sleep = run.clock.sleep

    def sleeps(seconds):
        sleep(seconds)
        if run.clock.seconds > 600:
            run.network.reachable = set(SITES)

    run.clock.sleep = sleeps
    run.ends_as(expected)
    assert (("osaka",), frozenset({"asan", "kurume"})) in run.watch.waited_for
    assert next(t for t, site, _ in run.network.sent if site == "osaka") > 600
    assert len([1 for t, site, _ in run.network.sent if site == "asan" and t < 600]) == 1


def test_a_server_that_is_away_at_the_beginning_is_waited_for_and_told_once(run, expected):
    run.network.breaks = lambda: run.clock.seconds < 60
    run.ends_as(expected)
    assert run.network.restarts == 1 + 60 / RETRY_S
    assert run.watch.troubles == ["the server is away; trying again"]


def test_where_no_server_runs_it_is_said_how_it_is_started(run, expected):
    restart = run.network.restart

    def is_down_at_first():
        if run.clock.seconds < 5:
            raise Unreachable(
                say("server.engine.silent", reason="refused"), say("server.run.start_server", folder="desk")
            )
        restart()

    run.network.restart = is_down_at_first
    run.ends_as(expected)
    assert run.watch.troubles == [
        "the engine does not answer (refused); start the server: riskset server start desk; trying again"
    ]


def test_a_server_that_comes_back_is_asked_everything_anew(run, expected):
    """What was on its way is gone with it. Nobody waits the whole patience for that."""
    moments = iter([False] * 6 + [True])
    run.network.breaks = lambda: next(moments, False)
    run.ends_as(expected)
    assert run.network.restarts == 2
    assert run.clock.seconds < ASK_AGAIN_S
    assert run.watch.troubles[0] == "the server is away"


def test_a_message_that_the_engine_gives_up_is_asked_again_at_once(run, expected):
    failed = set()

    def fails(site, reply):
        number = run.rehearsal.coordinator.round
        is_first = site == "asan" and number not in failed and not failed.add(number)
        return Arrival(site, None, "the message was too old") if is_first else reply

    run.network.changes = fails
    run.ends_as(expected)
    assert run.clock.seconds < ASK_AGAIN_S
    assert run.watch.troubles[0] == "asan: the message was too old; asking again"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda reply: b"", "expected three parts"),
        (lambda reply: reply[:-1], "cut short"),
        (lambda reply: reply[:-1] + bytes([reply[-1] ^ 1]), "is not signed by asan"),
    ],
    ids=["empty", "cut", "flipped"],
)
def test_a_reply_that_is_none_is_told_and_asked_again(run, expected, change, told):
    broken = set()

    def breaks(site, reply):
        number = run.rehearsal.coordinator.round
        is_first = site == "asan" and number not in broken and not broken.add(number)
        return change(reply) if is_first else reply

    run.network.changes = breaks
    run.ends_as(expected)
    assert run.watch.troubles[0].startswith("a reply from asan was ignored: ")
    assert told in run.watch.troubles[0]
    assert len(run.watch.troubles) == len(run.watch.rounds)  # once a round


def test_a_reply_delivered_under_another_name_counts_for_who_signed_it(run, expected):
    """The network's own names are believed for nothing."""
    names = dict(zip(SITES, SITES[1:] + SITES[:1], strict=True))
    run.network.changes = lambda site, reply: Arrival(names[site], reply)
    run.ends_as(expected)


def test_a_lawful_no_ends_the_command_and_keeps_the_run(run, expected):
    site = run.rehearsal.sites["asan"]
    run.network.changes = lambda name, reply: site.refusal("data") if name == "asan" else reply
    with pytest.raises(Refused, match="asan has different data now") as no:
        run.go()
    assert no.value.hint == "the run is kept: fix this, then repeat the command to continue it"
    assert [site for _, site, _ in run.watch.answers] == ["kurume", "osaka"], "what the others answered is kept"
    run.network.changes = lambda name, reply: reply
    run.rehearsal.start_coordinator()
    run.ends_as(expected)


@pytest.mark.parametrize(
    "code",
    [
        "newer_protocol",
        "newer_method",
        "participants",
        "rows",
        "earlier",
        "opened_since",
        "curves_since",
        "subtraction",
    ],
)
def test_a_no_that_ends_the_run_tells_how_another_begins(run, code):
    run.network.changes = lambda name, reply: run.rehearsal.sites[name].refusal(code) if name == "osaka" else reply
    with pytest.raises(Refused) as no:
        run.go()
    assert no.value.code == code
    assert "riskset run --new" in no.value.hint
    assert ("this run cannot continue; begin a new one" in no.value.hint) == (code != "rows")
    assert ("--without osaka" in no.value.hint) == (code == "rows")


class TestSitesThatStayOut:
    """All of them are named at once, with one command to go on: not one for each attempt."""

    @pytest.fixture
    def out(self, run):
        """Sets the code with which each site refuses."""

        def refuse(codes, run=run):
            sites = run.rehearsal.sites
            run.network.changes = lambda name, reply: sites[name].refusal(codes[name]) if name in codes else reply

        return refuse

    def refusal(self, run):
        with pytest.raises(Refused) as no:
            run.go()
        return no.value

    def test_all_that_refuse_are_named_at_once_though_they_answer_at_different_times(self, patients, out):
        sites = (*SITES, "sapporo")
        run = Run(Rehearsal(patients.study(sites), patients.deal(patients.rows(1, 80), patients.sites(sites, 80))))
        out({"asan": "rows", "osaka": "withdrawn"}, run)
        run.network.delay_s = lambda site: {"asan": 0.0, "osaka": HEAR_ALL_S - 5.0}.get(site, 5.0)
        no = self.refusal(run)
        assert str(no).startswith("2 sites refuse:\n  asan has 1 to 4 patients")
        assert "\n  osaka has withdrawn from the study" in str(no)
        assert "riskset run --new --without asan --without osaka" in no.hint

    def test_where_too_few_sites_are_left_no_command_is_offered(self, run, out):
        out({"asan": "rows", "osaka": "rows"})
        no = self.refusal(run)
        assert no.code == "rows"
        assert no.hint == "1 site would be left, and the study needs at least 2 (min_sites)"

    def test_sites_that_have_not_answered_are_named_beside_them(self, run, out):
        """One has no approval, so that its answer may still come; one is offline."""
        out({"asan": "rows", "kurume": "approval"})
        run.network.reachable = {"asan", "kurume"}
        no = self.refusal(run)
        assert str(no).startswith("asan has 1 to 4 patients")
        assert "riskset run --new --without asan; " in no.hint
        assert no.hint.endswith("kurume (no approval), osaka (offline)")
        assert ("kurume", 0, "approval") in run.declined
        assert ("asan", 0, "rows") in run.declined

    def test_a_site_that_is_online_and_silent_is_not_waited_for_without_end(self, run, out):
        out({"asan": "rows"})
        run.network.is_lost = lambda site: site == "osaka"
        no = self.refusal(run)
        assert HEAR_ALL_S < run.clock.seconds < HEAR_ALL_S + 1
        assert no.hint.endswith("osaka (online)")

    def test_no_command_is_offered_that_rule_r13_would_refuse(self, run, out):
        """It has sent sums in this run: without it, another run would give its own by subtraction."""
        run.rehearsal.step()
        run.rehearsal.step()
        out({"osaka": "withdrawn"})
        no = self.refusal(run)
        assert "--without" not in no.hint
        assert "a run without osaka would be refused" in no.hint
        assert "riskset site approve --after-withdrawal" in no.hint

    def test_the_command_keeps_out_whom_the_run_has_left_out(self):
        next_run = NextRun(Disclosure(), left_out=("sapporo",))
        said = next_run.without(("osaka",), SITES, is_opened=False)
        assert said.endswith("riskset run --new --without sapporo --without osaka")

    def test_a_run_before_it_counts_as_well(self, run, out):
        out({"osaka": "rows"})
        disclosure, earlier = run.rehearsal.study.disclosure, (frozenset(SITES),)
        assert NextRun(disclosure).without(("osaka",), SITES, is_opened=False).code == "run.without.command"
        assert NextRun(disclosure, "", earlier).without(("osaka",), SITES, is_opened=False).code.endswith("subtraction")


def test_a_site_without_an_approval_is_waited_for_with_words(run, expected):
    """Paused for minutes in each round; the others' answers are taken meanwhile."""
    kurume, since, pause_s = run.rehearsal.sites["kurume"], {}, 8 * ASK_AGAIN_S

    def pauses(site, reply):
        number = run.rehearsal.coordinator.round
        paused_for = run.clock.now() - since.setdefault(number, run.clock.now())
        return kurume.refusal("approval") if site == "kurume" and paused_for < pause_s else reply

    run.network.changes = pauses
    run.ends_as(expected)
    rounds = len(run.watch.rounds)
    assert rounds * pause_s < run.clock.seconds < rounds * (pause_s + 2 * ASK_AGAIN_S)
    assert len(run.watch.troubles) == rounds, "once per round"
    for trouble in run.watch.troubles:
        assert trouble.startswith("kurume has no approval in force")
        assert trouble.endswith("a signatory there runs: riskset site resume, or riskset site approve")
    assert set(run.watch.unwilling) == {frozenset(), frozenset({"kurume"})}
    assert [site for _, site, _ in run.watch.answers[:3]] == ["asan", "osaka", "kurume"]


def test_a_site_whose_refusal_came_under_another_name_is_told_by_its_own(run, expected):
    refused = set()

    def once(site, reply):
        first = site == "osaka" and not refused and not refused.add(site)
        return Arrival("asan", run.rehearsal.sites["osaka"].refusal("approval")) if first else reply

    run.network.changes = once
    run.ends_as(expected)
    assert set(run.watch.unwilling) == {frozenset(), frozenset({"osaka"})}


def test_stopped_in_every_round_and_gone_on_with(run, expected):
    """Ctrl-C in the middle of each round; the same command goes on."""
    stopped = set()

    def stops(site, reply):
        number = run.rehearsal.coordinator.round
        if site == "osaka" and number not in stopped:
            stopped.add(number)
            raise KeyboardInterrupt
        return reply

    run.network.changes = stops
    while not run.rehearsal.coordinator.is_finished:
        try:
            run.ends_as(expected)
        except KeyboardInterrupt:
            run.rehearsal.start_coordinator()
    assert len(stopped) == run.rehearsal.coordinator.outcome().rounds


def test_a_run_that_has_ended_needs_no_network(run, expected):
    """Killed after the last reply and before the report: the outcome is there without asking anybody."""
    run.go()
    run.rehearsal.start_coordinator()
    run.network.breaks = lambda: True
    run.ends_as(expected)
