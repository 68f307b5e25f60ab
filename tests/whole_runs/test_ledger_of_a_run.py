"""A whole run with every party's ledger in a file: killed after each step, and read by an auditor at the end."""

from contextlib import closing

import pytest

from riskset.errors import VerificationError
from riskset.ledger.trusted_log import read_log
from riskset.ledger.witness import Witness
from riskset.protocol.journal import IN_CLEAR
from riskset.protocol.witnessing import LOG
from riskset.rehearsal import Rehearsal
from riskset.secure import fixed_point
from riskset.secure.envelope import sha256, unframe, verify
from riskset.study.load import study_hash
from riskset_server.run.record import RunRecord
from riskset_site.records.journal import JournalFile, open_ledger, read_sent

SITES = ("asan", "kurume", "osaka")


class OnDisk:
    """A rehearsal whose parties remember nothing but their files."""

    def __init__(self, rehearsal, folder):
        self.rehearsal, self.folder = rehearsal, folder
        self.journals, self.record = {}, None
        self.start_coordinator(is_new=True)
        for site in SITES:
            self.start_site(site)

    def start_site(self, site):
        if site in self.journals:
            self.journals[site].close()
        path = self.folder / site / "journal.sqlite"
        journal = self.journals[site] = JournalFile(open_ledger(path, self.rehearsal.keys[site], site))
        self.rehearsal.journals[site] = journal
        self.rehearsal.start_site(site)

    def start_coordinator(self, is_new=False):
        if self.record is not None:
            self.record.close()
        key, study, roster = self.rehearsal.coordinator_key, self.rehearsal.study, self.rehearsal.roster.sha256
        self.record = self.rehearsal.record = RunRecord(self.folder / "runs.sqlite", key)
        hashes = study_hash(study), roster
        if is_new:
            self.rehearsal.run_id = self.record.begin(study.id, *hashes, SITES)
        assert self.record.latest(*hashes).id == self.rehearsal.run_id
        self.rehearsal.start_coordinator()

    def close(self):
        for party in (self.record, *self.journals.values()):
            party.close()


def begun(patients, folder):
    rows = patients.rows(seed=1, n=240)
    return OnDisk(Rehearsal(patients.study(SITES), patients.deal(rows, patients.sites(SITES, 240))), folder)


@pytest.fixture
def on_disk(patients, tmp_path):
    with closing(begun(patients, tmp_path)) as on_disk:
        yield on_disk


@pytest.fixture(scope="module")
def finished(patients, tmp_path_factory):
    """A run that came to its end; only read."""
    with closing(begun(patients, tmp_path_factory.mktemp("finished"))) as on_disk:
        yield on_disk, on_disk.rehearsal.run()


def test_all_killed_after_every_round_and_nothing_is_asked_or_answered_twice(on_disk):
    rehearsal = on_disk.rehearsal
    while not rehearsal.coordinator.is_finished:
        rehearsal.step()
        on_disk.start_coordinator()
        for site in SITES:
            on_disk.start_site(site)
    outcome = rehearsal.coordinator.outcome()
    for site in SITES:
        kinds = [entry.kind for entry in on_disk.journals[site].ledger.entries()]
        assert kinds == ["opened", *["contributed"] * (outcome.rounds - 2), "closed"]
    kinds = [entry.kind for entry in on_disk.record.ledger.entries()]
    assert kinds == ["began", *["asked", *["received"] * len(SITES)] * outcome.rounds]


def test_the_ledgers_of_sites_and_coordinator_name_the_same_replies(finished):
    on_disk, outcome = finished
    received = read_log(on_disk.record.ledger.export(), LOG, on_disk.rehearsal.coordinator_key.public_key()).entries
    for site in SITES:
        key = on_disk.rehearsal.keys[site].public_key()
        sent = read_log(on_disk.journals[site].ledger.export(), f"riskset/site/{site}", key).entries
        got = [entry.public["sha256"] for entry in received if entry.public.get("sender") == site]
        assert [entry.public["reply"] for entry in sent] == got
    replies = [message.raw for round_ in outcome.replies for message in round_]
    assert {entry.public["sha256"] for entry in received if entry.kind == "received"} == set(map(sha256, replies))


def test_what_the_sites_say_they_sent_adds_up_to_what_was_added(finished):
    """An auditor with the ledgers opened: the clear numbers of all sites are the masked ones' total, round by round."""
    on_disk, outcome = finished
    entries = {site: on_disk.journals[site].ledger.entries()[1:] for site in SITES}
    for number, round_ in enumerate(outcome.replies[1:]):
        vectors = [unframe(message.payload)[0] for message in round_]
        size = len(vectors[0]) // fixed_point.BYTES_PER_NUMBER
        total = fixed_point.decode(fixed_point.total(fixed_point.from_bytes(vector, size) for vector in vectors))
        clear = [read_sent(on_disk.journals[site].ledger, entries[site][number]) for site in SITES]
        masked = [[values for id_, _, values in sent.numbers if id_ != IN_CLEAR] for sent in clear]
        flat = [[value for values in of_site for value in values] for of_site in masked]
        added = [sum(values) for values in zip(*flat, strict=True)]
        numbers = total[-len(added) :]  # the flags of the analyses come first
        assert numbers == pytest.approx(added, rel=1e-12, abs=1e-12)


def test_no_number_that_a_site_sent_is_in_clear_outside_its_own_sealed_part(finished):
    on_disk, _ = finished
    for site in SITES:
        journal = on_disk.journals[site]
        sent = read_sent(journal.ledger, journal.ledger.entries()[-2])
        values = [value for _, _, values in sent.numbers for value in values if abs(value) > 1 and value % 1]
        texts = [path.read_bytes() for path in on_disk.folder.rglob("*.sqlite*")]
        assert values
        assert not any(repr(value).encode() in text for value in values for text in texts)


def test_a_coordinator_whose_record_was_put_back_is_noticed_by_its_sites(finished):
    """Its log continues differently after the first round; any party that cosigned the end notices."""
    on_disk, outcome = finished
    key = on_disk.rehearsal.coordinator_key.public_key()
    last = on_disk.journals["asan"].seen()
    ledger = on_disk.record.ledger
    seen = Witness(LOG, key, last).checkpoint.size
    assert seen > outcome.rounds
    with closing(RunRecord(on_disk.folder / "yesterday.sqlite", on_disk.rehearsal.coordinator_key)) as back:
        back.begin("trial", "s", "r", SITES)
        with pytest.raises(VerificationError, match="was rolled back"):
            Witness(LOG, key, last).advance(back.checkpoint(), ())
        while back.ledger.verify().size < ledger.verify().size:
            back.begin("trial", "s", "r", SITES)
        with pytest.raises(VerificationError, match="forked"):
            Witness(LOG, key, last).advance(back.checkpoint(), back.consistency(seen, ledger.verify().size))


def test_every_request_kept_is_the_coordinators_own(finished):
    on_disk, outcome = finished
    keys = {"coordinator": on_disk.rehearsal.coordinator_key.public_key()}
    kept = on_disk.journals["asan"].exchanges(on_disk.rehearsal.run_id)
    assert [verify(exchange.request, keys).head.round for exchange in kept] == list(range(outcome.rounds))
