"""Killed at any moment and started again, a party continues from its record and the results are the same bits.

Every run here has one before it, so that each phase of the protocol occurs: the opening, every round of admission, the
models' first and later rounds, the closing one. Sums are masked and the rules hold.
"""

import re
import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from riskset.analyses.cohort import Cohort, PatientSet
from riskset.analyses.methods.km import SurvivalCurves
from riskset.analyses.plan import plan
from riskset.errors import DataError, Refused
from riskset.protocol.remembered import Holding
from riskset.protocol.site import Site
from riskset.rehearsal import MemoryJournal, Rehearsal
from riskset.study.load import study_hash
from riskset_server.run.record import RunRecord
from riskset_site.data.holding import rows_of, snapshot_of
from riskset_site.records.journal import JournalFile, open_ledger

SITES = ("asan", "kurume", "osaka")
ADMISSION = ["changes", "cohorts", "counts", "pairs", "products"]
ONE_OF_EACH = ("admission/counts", "later")
FURTHER = pytest.mark.exhaustive
PHASES = ["open", *(f"admission/{step}" for step in ADMISSION), "first", "later", "close"]


def marked(phases):
    """Returns the phases as parameters; those beyond one of admission and one of a model are for `make test-all`."""
    return [phase if phase in ONE_OF_EACH else pytest.param(phase, marks=FURTHER) for phase in phases]


class Parties(Rehearsal):
    """Three sites and a coordinator that have finished one run and have begun the next; `folder` where their records
    are files."""

    def __init__(self, study, cohorts, folder=None, told_alone=()):
        super().__init__(study, cohorts, told_alone=told_alone)
        self.folder, self.earlier, self.files = folder, (), []
        self.rows = {name: rows_of(cohort, None, self.keys[name]) for name, cohort in cohorts.items()}
        for name in cohorts:
            self.restart_site(name)
        self.begin("first")
        self.first = self.run()
        self.begin("second")

    def begin(self, run):
        if self.folder:
            self.record = self.opened(RunRecord(self.folder / "runs.sqlite", self.coordinator_key))
            run = self.record.begin(self.study.id, study_hash(self.study), self.roster.sha256, SITES)
            self.earlier = self.record.earlier_of(run)
        else:
            self.earlier = tuple(self.journals["asan"].contributed())
        self.run_id = run
        self.restart_coordinator()

    def restart_site(self, name, cohort=None):
        """Kills the site and starts it again from its journal; with other data where `cohort` is given."""
        if cohort is not None:
            self.cohorts[name], self.rows[name] = cohort, rows_of(cohort, None, self.keys[name])
        if self.folder:
            self.close(self.journals[name])
            self.journals[name] = self.opened(
                JournalFile(open_ledger(self.folder / f"{name}.sqlite", self.keys[name], name))
            )
        self.start_site(name)

    def restart_coordinator(self):
        if self.folder:
            self.close(self.record)
            self.record = self.opened(RunRecord(self.folder / "runs.sqlite", self.coordinator_key))
        self.start_coordinator(SITES, self.earlier)

    @property
    def phase(self):
        """What the next message asks for."""
        history = self.coordinator._history
        return "open" if history is None else history.phase

    def goes_to(self, phase):
        while self.phase != phase:
            self.step()
        return self

    def opened(self, file):
        self.files.append(file)
        return file

    def close(self, *files):
        for file in files:
            if file in self.files:
                self.files.remove(file)
                file.close()


@pytest.fixture(scope="module")
def study_and_cohorts(patients):
    return patients.study(SITES), patients.deal(patients.rows(seed=1, n=90), patients.sites(SITES, 90))


@pytest.fixture
def parties(study_and_cohorts):
    return Parties(*study_and_cohorts)


@pytest.fixture(params=["in files", pytest.param("in memory", marks=pytest.mark.exhaustive)])
def kept(request, study_and_cohorts, tmp_path):
    """Parties whose records are of either kind."""
    made = Parties(*study_and_cohorts, tmp_path if request.param == "in files" else None)
    yield made
    made.close(*made.files.copy())


@pytest.fixture(scope="module")
def answer(study_and_cohorts, patients):
    """Returns the results of a run that nobody disturbed."""
    study, cohorts = study_and_cohorts
    return patients.told(study, Rehearsal(study, cohorts).run())


@pytest.fixture
def ends_as_if_nothing_had_happened(patients, answer):
    """Checks that a run's results are the same bits, and that each site sent one contribution a round: the one kept."""

    def check(parties):
        outcome = parties.run()
        assert patients.told(parties.study, outcome) == answer
        for at, site in enumerate(SITES):
            sent = [exchange.reply for exchange in parties.journals[site].exchanges(parties.run_id)]
            assert sent == [round_[at].raw for round_ in outcome.replies]

    return check


def test_a_run_with_one_before_it_has_every_phase(parties, answer):
    seen = []
    while not parties.coordinator.is_finished:
        seen.append(parties.phase)
        parties.step()
    assert list(dict.fromkeys(seen)) == PHASES
    assert all('"status": "ok"' in text for text in answer.values())


MANY_KINDS = {
    "survival": {"kind": "km", "endpoints": ["os"], "landmarks": [12]},
    "cox": {
        "kind": "cox",
        "endpoints": ["os"],
        "multivariable": ["arm", "age"],
        "robust": "patient",
        "ph_test": ["rank"],
    },
    "table1": {"kind": "table1", "missing": "complete", "variables": ["age", "stage"]},
    "subgroup": {"kind": "subgroup", "endpoints": ["os"], "by": ["stage"]},
    "sites": {"kind": "site-heterogeneity", "endpoints": ["os"], "covariates": ["arm"], "leave_one_out": True},
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("rounds", [[12], range(99)], ids=["once", "after every round"])
def test_of_many_kinds_a_run_in_which_everyone_is_killed_ends_in_the_same_bits(patients, tmp_path, rounds):
    """Of a second run, as here always: what the sites told of their own in the first is in their journals."""
    study = patients.study(SITES, analyses=MANY_KINDS)
    dealt = patients.deal(patients.rows(seed=1, n=240), patients.sites(SITES, 240))
    of_none = [set_id.name for set_id in plan(study).sets if set_id.endpoint is None]
    cohorts = {name: with_sets(cohort, of_none) for name, cohort in dealt.items()}
    parties = Parties(study, cohorts, tmp_path, told_alone=SITES)
    undisturbed = patients.told(study, parties.first)
    while not parties.coordinator.is_finished:
        parties.step()
        if parties.coordinator.round in rounds:
            for site in SITES:
                parties.restart_site(site)
            parties.restart_coordinator()
    outcome = parties.run()
    assert patients.told(study, outcome) == undisturbed
    assert all('"status": "ok"' in text for text in undisturbed.values())
    assert outcome.history.tellers == set(SITES)
    parties.close(*parties.files.copy())


def with_sets(cohort, names):
    """Returns the cohort with its patients in these sets without an endpoint too."""
    rows = cohort.analysis_sets["os"]
    return Cohort(cohort.site, {"os": rows} | dict.fromkeys(names, PatientSet(rows.variables, rows.patients)))


class TestSite:
    def test_killed_after_every_round(self, kept, ends_as_if_nothing_had_happened):
        while not kept.coordinator.is_finished:
            kept.step()
            kept.restart_site("asan")
        ends_as_if_nothing_had_happened(kept)

    def test_killed_between_keeping_an_answer_and_sending_it(self, kept, ends_as_if_nothing_had_happened):
        """Every answer is lost once on its way; the next process sends the same bytes and computes nothing."""
        while not kept.coordinator.is_finished:
            lost = kept.sites["asan"].answer(kept.coordinator.request())
            kept.restart_site("asan")
            assert kept.sites["asan"].answer(kept.coordinator.request()) == lost
            kept.step()
        ends_as_if_nothing_had_happened(kept)

    def test_a_journal_holds_what_was_asked_and_sent(self, kept):
        asked = []
        while not kept.coordinator.is_finished:
            asked.append(kept.coordinator.request())
            kept.step()
        exchanges = kept.journals["asan"].exchanges(kept.run_id)
        assert [exchange.request for exchange in exchanges] == asked
        assert [exchange.round for exchange in exchanges] == list(range(len(asked)))
        assert kept.journals["asan"].begun(kept.run_id).rows == kept.rows["asan"]
        assert kept.journals["asan"].begun("another run") is None
        assert kept.journals["asan"].exchanges("another run") == ()

    def test_a_journal_that_was_tampered_with_ends_the_run_for_this_site(self, parties):
        parties.goes_to("admission/counts")
        exchanges = parties.journals["asan"].kept[parties.run_id]
        exchanges[1] = replace(exchanges[1], request=exchanges[1].request[:-1] + bytes([exchanges[1].request[-1] ^ 1]))
        parties.restart_site("asan")
        with pytest.raises(Refused, match="asan received contributions that do not match"):
            parties.step()

    def test_asked_again_it_computes_nothing(self, parties):
        """Restarted with rows that cannot be read, it still sends what it has sent."""
        parties.step()
        request = parties.coordinator.request()
        first = parties.sites["asan"].answer(request)
        honest = parties.sites["asan"]
        blind = Site(
            "asan",
            parties.keys["asan"],
            parties.study,
            parties.roster,
            Holding(Cohort("asan", {}), parties.rows["asan"]),
            parties.journals["asan"],
            honest._consent,
        )
        assert blind.answer(request) == first


class Full(MemoryJournal):
    """A journal on a disk that is full for a while."""

    def __init__(self, of):
        self.__dict__ |= of.__dict__
        self.is_full = True

    def begin(self, *of):
        self._write()
        super().begin(*of)

    def record(self, *of):
        self._write()
        super().record(*of)

    def _write(self):
        if self.is_full:
            raise DataError("the journal cannot be written")


@pytest.mark.parametrize("phase", marked(PHASES))
class TestNoJournalNoAnswer:
    def test_nothing_leaves_until_it_can_be_written_again(self, parties, ends_as_if_nothing_had_happened, phase):
        parties.goes_to(phase)
        journal = parties.journals["asan"] = Full(parties.journals["asan"])
        parties.restart_site("asan")
        for _ in range(2):
            with pytest.raises(DataError, match="cannot be written"):
                parties.sites["asan"].answer(parties.coordinator.request())
        journal.is_full = False
        ends_as_if_nothing_had_happened(parties)


@pytest.mark.parametrize("phase", ["later", *(pytest.param(p, marks=FURTHER) for p in ("open", "admission/changes"))])
def test_a_file_that_another_process_has_locked(study_and_cohorts, tmp_path, ends_as_if_nothing_had_happened, phase):
    parties = Parties(*study_and_cohorts, tmp_path).goes_to(phase)
    request = parties.coordinator.request()
    parties.journals["asan"].ledger._file._db.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(tmp_path / "asan.sqlite", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataError, match="in use by another program"):
        parties.sites["asan"].answer(request)
    other.execute("ROLLBACK")
    other.close()
    ends_as_if_nothing_had_happened(parties)
    parties.close(*parties.files.copy())


def test_a_record_where_no_file_can_be(parties, tmp_path):
    site, coordinator = parties.keys["asan"], parties.coordinator_key
    (tmp_path / "file").write_text("")
    (tmp_path / "no.sqlite").write_text("this is not a database, and long enough to be seen as none")
    for path, match in (
        (tmp_path / "file" / "x.sqlite", "cannot be read or written"),
        (tmp_path / "no.sqlite", "not a"),
    ):
        with pytest.raises(DataError, match=match):
            JournalFile(open_ledger(path, site, "asan"))
        with pytest.raises(DataError, match=match):
            RunRecord(path, coordinator)


class TestChangedData:
    """A site's data are frozen from its opening to the end of the run: one changed row between two rounds is a row."""

    @pytest.fixture
    def changed(self, study_and_cohorts):
        return with_later_deaths(study_and_cohorts[1]["asan"], 1)

    @pytest.mark.parametrize("phase", marked(PHASES[1:]))
    def test_in_mid_run_it_is_refused_until_the_data_are_back(
        self, parties, changed, ends_as_if_nothing_had_happened, phase
    ):
        parties.goes_to(phase)
        honest = parties.cohorts["asan"]
        parties.restart_site("asan", changed)
        with pytest.raises(Refused, match="asan has different data now"):
            parties.step()
        parties.restart_site("asan", honest)
        ends_as_if_nothing_had_happened(parties)

    def test_what_was_sent_is_still_sent_again(self, parties, changed):
        parties.step()
        request = parties.coordinator.request()
        first = parties.sites["asan"].answer(request)
        parties.restart_site("asan", changed)
        assert parties.sites["asan"].answer(request) == first

    def test_a_new_run_takes_the_new_data_where_enough_have_changed(self, parties, patients, answer):
        parties.run()
        for name, cohort in list(parties.cohorts.items()):
            parties.restart_site(name, with_later_deaths(cohort, 10))
        parties.begin("third")
        outcome = parties.run()
        count = outcome.history.figures.changes["first"]
        assert (count.rows, count.sites) == (30, 3)
        found = patients.told(parties.study, outcome)
        assert all('"status": "ok"' in text for text in found.values())
        assert all(found[id_] != answer[id_] for id_ in answer)

    def test_a_new_run_with_one_changed_patient_is_refused_for_all(self, parties, changed):
        parties.run()
        parties.restart_site("asan", changed)
        parties.begin("third")
        outcome = parties.run()
        assert not any(isinstance(result, SurvivalCurves) for result in outcome.results.values())
        assert {result.rule for result in outcome.results.values()} == {"R14"}


def with_later_deaths(cohort, n):
    """Returns the cohort with n patients followed 100 days longer."""
    rows = cohort.analysis_sets["os"]
    days = rows.days.copy()
    days[:n] += 100
    return Cohort(cohort.site, {"os": replace(rows, days=days)})


class TestSnapshot:
    """The hash that shows it: of every value, under the site's own secret."""

    def change(self, cohort, **fields):
        return Cohort(cohort.site, {"os": replace(cohort.analysis_sets["os"], **fields)})

    def test_the_same_data_give_the_same_hash(self, parties):
        cohort, key = parties.cohorts["asan"], parties.keys["asan"]
        assert snapshot_of(cohort, key) == snapshot_of(self.change(cohort), key)

    def test_any_changed_value_changes_it(self, parties):
        cohort, key = parties.cohorts["asan"], parties.keys["asan"]
        rows = cohort.analysis_sets["os"]
        others = [
            self.change(cohort, days=np.append(rows.days[:-1], rows.days[-1] + 1)),
            self.change(cohort, event=np.append(rows.event[:-1], ~rows.event[-1])),
            self.change(cohort, entry_days=np.zeros(rows.n, np.int64)),
            self.change(cohort, patient=rows.patients + 1),
            *(
                self.change(cohort, variables=rows.variables | {name: rows.variables[name] + 1})
                for name in rows.variables
            ),
            Cohort("asan", dict(cohort.analysis_sets) | {"pfs": rows}),
        ]
        hashes = {snapshot_of(other, key) for other in [cohort, *others]}
        assert len(hashes) == 1 + len(others)

    def test_another_site_has_another_hash_of_the_same_rows(self, parties):
        cohort = parties.cohorts["asan"]
        assert snapshot_of(cohort, parties.keys["asan"]) != snapshot_of(cohort, parties.keys["osaka"])

    def test_neither_it_nor_a_patients_mark_leaves(self, parties):
        rows = parties.rows["asan"]
        secret = set(re.findall("[0-9a-f]{16,}", " ".join([rows.digest, *rows.marks, *rows.marks.values()])))
        assert len(secret) > len(rows.marks)
        sent = b"".join(message.raw for round_ in parties.run().replies for message in round_)
        assert not any(text.encode() in sent or bytes.fromhex(text) in sent for text in secret)


class TestCoordinator:
    def test_killed_after_every_reply(self, kept, ends_as_if_nothing_had_happened):
        while not kept.coordinator.is_finished:
            site = kept.coordinator.waiting_for[0]
            kept.coordinator.accept(kept.sites[site].answer(kept.coordinator.request()))
            kept.restart_coordinator()
        ends_as_if_nothing_had_happened(kept)

    def test_killed_before_every_message_was_sent(self, kept, ends_as_if_nothing_had_happened):
        """What was signed once is what is sent: the sites never see two messages of one round."""
        while not kept.coordinator.is_finished:
            request = kept.coordinator.request()
            kept.restart_coordinator()
            assert kept.coordinator.request() == request
            kept.step()
        ends_as_if_nothing_had_happened(kept)

    def test_killed_before_a_reply_was_kept(self, kept, ends_as_if_nothing_had_happened):
        """The reply is lost; the site is asked again and sends it from its journal."""
        while not kept.coordinator.is_finished:
            lost = kept.sites["asan"].answer(kept.coordinator.request())
            kept.restart_coordinator()
            assert "asan" in kept.coordinator.waiting_for
            kept.step()
            assert lost in kept.record.replies(kept.run_id)
        ends_as_if_nothing_had_happened(kept)

    def test_every_reply_kept_twice(self, parties, ends_as_if_nothing_had_happened):
        """Two coordinators at once on one record, each of which took in every reply."""
        parties.run()
        replies = parties.record.kept[parties.run_id]
        parties.record.kept[parties.run_id] = [reply for reply in replies for _ in range(2)] + replies
        parties.restart_coordinator()
        ends_as_if_nothing_had_happened(parties)


def test_all_killed_at_once_after_every_round(kept, ends_as_if_nothing_had_happened):
    while not kept.coordinator.is_finished:
        kept.step()
        for name in SITES:
            kept.restart_site(name)
        kept.restart_coordinator()
    ends_as_if_nothing_had_happened(kept)


def test_runs_that_take_turns_from_their_opening_on(parties, patients, answer):
    """Two runs opened, the later one finished first: the other continues from the log as it was at its opening."""
    earlier = parties.earlier

    def turns_to(run):
        parties.run_id = run
        parties.start_coordinator(SITES, earlier)

    for run in ("second", "third") * 2:
        turns_to(run)
        parties.step()
    assert patients.told(parties.study, parties.run()) == answer
    turns_to("second")
    assert patients.told(parties.study, parties.run()) == answer


def test_a_run_that_was_judged_without_the_numbers_of_another_ends(study_and_cohorts, patients, answer):
    """As above, but no run before them has sent what the later one opens (R5)."""
    parties = Rehearsal(*study_and_cohorts, "one")
    parties.step()
    parties.run_id = "two"
    parties.start_coordinator()
    assert patients.told(parties.study, parties.run()) == answer
    parties.run_id = "one"
    parties.start_coordinator()
    with pytest.raises(Refused, match="has sent numbers of models in another run") as refused:
        parties.run()
    assert refused.value.code == "opened_since"
    admission = len(parties.journals["asan"].exchanges("one"))
    assert [len(parties.journals[name].exchanges("one")) for name in SITES] == [admission] * 3
    assert parties.coordinator._history.phase == "first"  # none of its models' numbers was sent
