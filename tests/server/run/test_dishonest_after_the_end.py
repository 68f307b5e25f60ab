"""Coordinators and sites that lie after the end of a run; and honest ones to whom something harmless happened."""

from copy import deepcopy
from dataclasses import replace

import pytest
from tests.server.run.conftest import SITES, Desk, told
from tests.server.run.test_after_the_end import after, code, receipt_of
from tests.server.run.test_hostile_bundles import bundle_of, forged, odd
from tests.server.run.test_rounds import Clock, Network

from riskset.audit import receipt_checks
from riskset.audit.archive import pack, unpack
from riskset.audit.bundle import MANIFEST, manifest
from riskset.audit.verify import verify
from riskset.errors import Refused, VerificationError
from riskset.joining.request import EARLIER, Member, Request
from riskset.joining.signed import write_signed
from riskset.ledger.checkpoint import Checkpoint, read_checkpoint, sign_checkpoint
from riskset.ledger.merkle import Tree
from riskset.ledger.note import parse
from riskset.protocol import after_end, ended_here, witnessing
from riskset.protocol.end_messages import End, Listed, delivery, read_delivery
from riskset.protocol.log_view import LogView
from riskset.protocol.messages import END, KEPT, RECEIPT, WITNESSED
from riskset.protocol.opening import Opening
from riskset.protocol.receipt import check_receipt, read_receipt
from riskset.protocol.roster import COORDINATOR, read_roster, sign_roster
from riskset.protocol.witnessing import LOG, read_relayed
from riskset.secure.envelope import claimed_head, frame, seal, unframe
from riskset.secure.keys import new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text
from riskset.study.load import study_hash
from riskset_server.commands import run as run_command
from riskset_server.run.ended import end_of
from riskset_server.run.record import RunRecord


@pytest.fixture
def desk(tmp_path, patients):
    return Desk(tmp_path, patients)


def sealed_again(desk, site, reply, payload):
    """Another reply with the same head, signed by the site."""
    head = claimed_head(reply)
    names = ("type", "study", "roster", "run", "round", "sender", "history")
    return seal(desk.rehearsal.keys[site], payload, **{name: getattr(head, name) for name in names})


def no_check_of_size(monkeypatch):
    checked = after_end.check_own_log
    # the smallest log that the rule lets pass is any log
    monkeypatch.setattr(after_end, "check_own_log", lambda *of: replace(checked(*of), size=10**9))


class TestASiteThatShowsItsOwnLogAsItWas:
    """It could then still rewrite what it noted of the run, its own clear numbers among it."""

    @pytest.fixture
    def stale(self, desk):
        """Osaka shows after the end what it showed when the run was opened."""
        before = desk.rehearsal.journals["osaka"].log()
        run = desk.finishes(desk.begins(), sites=()).name
        desk.rehearsal.journals["osaka"].log = lambda: before
        return desk, run

    def test_is_refused_by_the_coordinator(self, stale, monkeypatch):
        desk, run = stale
        with desk.record() as record:
            ended = after(desk, run, record)
            reply = desk.rehearsal.sites["osaka"].answer(ended.request("osaka"))
            with pytest.raises(VerificationError, match="osaka shows its own log as it was at an earlier time"):
                ended.accept(reply)
            no_check_of_size(monkeypatch)
            assert ended.accept(reply) == "osaka"

    def test_is_found_by_the_other_sites_and_in_the_bundle(self, stale, monkeypatch, tmp_path):
        desk, run = stale
        with desk.record() as record, monkeypatch.context() as off:
            no_check_of_size(off)
            ended = after(desk, run, record)
            for site in SITES:
                ended.accept(desk.rehearsal.sites[site].answer(ended.request(site)))
            request = ended.request("asan")
            off.undo()
            assert code(desk.rehearsal.sites["asan"].answer(request)) == "site_log"
            no_check_of_size(off)
            assert desk.delivers(run, record) == ()
            data = bundle_of(desk, run, tmp_path)
            assert told(verify(data, None)) == []
        (failure, *_) = told(verify(data, None))
        assert "osaka shows its own log as it was at an earlier time: with 1 entries" in failure

    def test_when_the_next_run_opens(self, desk, monkeypatch):
        """Each run would be cosigned as of the first; alternating runs may show what they showed."""
        journal = desk.rehearsal.journals["osaka"]
        before = journal.log()
        waiting = desk.begins(rounds=1)
        desk.finishes(desk.begins())
        log, journal.log = journal.log, lambda: before
        with pytest.raises(Refused, match="osaka shows its own log as it was at an earlier time") as refused:
            desk.begins(rounds=1)
        assert refused.value.code == "site_log"
        with monkeypatch.context() as off:
            off.setattr("riskset.protocol.coordinator.checkpoint_of", lambda _: Checkpoint("", 0, b""))
            desk.begins(rounds=1)
        journal.log = log
        desk.finishes(waiting)
        assert desk.runs()[waiting] == "finished"

    def test_an_honest_log_has_more(self, desk):
        run = desk.finishes(desk.begins()).name
        with desk.record() as record:
            assert after(desk, run, record).waiting_for == ()


class TestLinesInAnothersName:
    def test_in_the_answer_to_the_end(self, desk, monkeypatch):
        """One site could have kept all others from their receipts."""
        run = desk.finishes(desk.begins(), sites=()).name
        with desk.record() as record:
            ended = after(desk, run, record)
            reply = desk.rehearsal.sites["osaka"].answer(ended.request("osaka"))
            line, log = unframe(unframe(reply)[1])
            more = frame([line + forged("kurume", desk).encode(), log])
            with pytest.raises(VerificationError, match="osaka"):
                ended.accept(sealed_again(desk, "osaka", reply, more))
            with monkeypatch.context() as off:
                off.setattr(after_end, "cosigned_at", lambda *_: 0)
                other = after(desk, run, record)
                for site in ("asan", "kurume"):
                    other.accept(desk.rehearsal.sites[site].answer(other.request(site)))
                other.accept(sealed_again(desk, "osaka", reply, more))
            assert code(desk.rehearsal.sites["asan"].answer(other.request("asan"))) == "ledger"

    def test_in_a_contribution(self, desk):
        run = desk.begins(rounds=1)
        with desk.record() as record:
            desk._opens(run, record)
            coordinator = desk.rehearsal.coordinator
            reply = desk.rehearsal.sites["osaka"].answer(coordinator.request())
            vector, line, said = unframe(unframe(reply)[1])
            for lines in (line + forged("kurume", desk).encode(), b"another text\n\n" + line):
                more = frame([vector, lines, said])
                with pytest.raises(VerificationError, match="osaka"):
                    coordinator.accept(sealed_again(desk, "osaka", reply, more))
            assert coordinator.accept(reply) == "osaka"


class TestAReceiptThatIsNotOfTheRunHere:
    """A site keeps what it is given, and shows it to its auditor years later."""

    def delivered(self, desk, run, record, change):
        ended = after(desk, run, record)
        for site in SITES:
            ended.accept(desk.rehearsal.sites[site].answer(ended.request(site)))
        request = ended.request("asan")
        data, parts = read_delivery(unframe(request)[1])
        payload = delivery(change(read_receipt(data)).to_bytes(), parts)
        head = claimed_head(request)
        names = ("study", "roster", "run", "round", "history")
        stated = {name: getattr(head, name) for name in names}
        return request, seal(desk.rehearsal.coordinator_key, payload, type=RECEIPT, sender=COORDINATOR, **stated)

    def test_of_another_beginning_with_another_study(self, desk, monkeypatch):
        """The coordinator's log has a second beginning of the run."""
        run = desk.begins()
        with desk.record() as record:
            began = record.entry("began", run)
            record.ledger.append("began", {**began.public, "study": "0" * 64})
        monkeypatch.setattr(RunRecord, "_check_runs", lambda _: None)
        monkeypatch.setattr(RunRecord, "opening", lambda *_: Opening(SITES))
        run = desk.finishes(run, sites=()).name
        with desk.record() as record:
            other = record.ledger.entries("began")[1]
            size = record.entry("ended", run).number + 1
            listed = Listed(other.proven, record.ledger.inclusion(other.number, size))
            change = lambda receipt: replace(receipt, study="0" * 64, began=listed)  # noqa: E731
            request, false = self.delivered(desk, run, record, change)
            assert code(desk.rehearsal.sites["asan"].answer(false)) == "ledger"
            assert claimed_head(desk.rehearsal.sites["asan"].answer(request)).type == KEPT
            monkeypatch.setattr(ended_here.EndedHere, "_is_mine", lambda *_: True)
            desk.rehearsal.journals["asan"].kept[run].pop()
            desk.rehearsal.start_site("asan")
            assert claimed_head(desk.rehearsal.sites["asan"].answer(false)).type == KEPT

    def test_with_an_older_state_of_the_sites_own_log(self, desk):
        run = desk.finishes(desk.begins(), sites=()).name
        with desk.record() as record:
            opened = end_of(record, run).logs["asan"].checkpoint
            note = witnessing.parse(opened)
            own = after_end.cosign(note.text, COORDINATOR, desk.rehearsal.coordinator_key, 0)
            change = lambda receipt: replace(receipt, log=str(note.joined([own])))  # noqa: E731
            request, false = self.delivered(desk, run, record, change)
            assert code(desk.rehearsal.sites["asan"].answer(false)) == "ledger"
            assert claimed_head(desk.rehearsal.sites["asan"].answer(request)).type == KEPT


def test_a_site_that_shows_one_log_to_the_sites_and_another_to_the_auditor(desk, tmp_path):
    """Its coordinator keeps back what the others cosigned; the receipt was given before."""
    run = desk.finishes(desk.begins()).name
    data, receipt = bundle_of(desk, run, tmp_path), receipt_of(desk, "osaka")
    assert told(verify(data, None, {"osaka": receipt})) == []
    assert odd(verify(data, None)) == []
    files = unpack(data)
    kept = sorted(path for path in files if path.startswith("messages/"))[-len(SITES) :]
    path = kept[-1].replace(kept[-1][9:11], f"{int(kept[-1][9:11]) - 1:02d}")
    journal = desk.rehearsal.journals["osaka"]
    line, _ = unframe(unframe(files[path])[1])
    log = journal.log().shown("osaka", desk.rehearsal.keys["osaka"])  # of a later moment
    other = sealed_again(desk, "osaka", files[path], frame([line, log.to_bytes()]))
    files = {name: content for name, content in files.items() if name not in (MANIFEST, *kept)} | {path: other}
    signed = pack({**files, MANIFEST: manifest(run, files, desk.rehearsal.coordinator_key)})
    found = verify(signed, None)
    assert told(found) == []
    assert ["did not cosign the other sites' own logs" in line for line in odd(found)] == [True]
    (failure,) = told(verify(signed, None, {"osaka": receipt}))
    assert "the receipt has another state of osaka's own log" in failure


def test_an_end_that_a_later_run_contradicts_is_not_cosigned(desk, monkeypatch):
    """The coordinator keeps two logs: one goes on with another run, the other one ends the first run otherwise."""
    first = desk.finishes(desk.begins(), sites=()).name
    with desk.record() as record:
        number = record.entry("ended", first).number
        entries = list(record.ledger.entries())[: number + 1]
        head = end_of(record, first).closing
        closing = record.last_request(first)
    desk.finishes(desk.begins())
    entries[-1] = replace(entries[-1], public={"run": first, "files": {"results.json": "0" * 64}})
    tree, key = Tree(entry.leaf for entry in entries), desk.rehearsal.coordinator_key
    shown = read_checkpoint(parse(read_relayed(unframe(closing)[1])[0].checkpoint).text).size
    note = sign_checkpoint(Checkpoint(LOG, tree.size, tree.root()), key)
    other = End(
        LogView(note, {shown: tree.consistency(shown, tree.size)}),
        Listed(entries[-1].proven, tree.inclusion(number, tree.size)),
    )
    stated = {"study": head.study, "roster": head.roster, "run": first, "history": head.history, "sender": COORDINATOR}
    asked = seal(key, other.to_bytes(), type=END, round=head.round + 1, **stated)
    site = desk.rehearsal.sites["asan"]
    assert code(site.answer(asked)) == "ledger"
    with monkeypatch.context() as off:
        off.setattr(ended_here, "verify_consistency", lambda *_: None)
        backup = deepcopy(desk.rehearsal.journals["asan"])
        assert claimed_head(site.answer(asked)).type == WITNESSED
    desk.rehearsal.journals["asan"] = backup
    desk.rehearsal.start_site("asan")
    with desk.record() as record:
        assert desk.delivers(first, record) == ()  # the honest end is the beginning of what the site has seen since


class TestHarmless:
    def test_the_end_of_an_earlier_run_comes_after_a_later_one(self, desk, monkeypatch):
        """What a site has seen of the coordinator's log does not go back: an honest coordinator would take it for a
        journal restored from an old backup, and never go on with it."""
        first = desk.finishes(desk.begins(), sites=("asan", "kurume")).name
        desk.finishes(desk.begins())
        journal = desk.rehearsal.journals["osaka"]
        before = journal.seen()
        with desk.record() as record:
            assert desk.delivers(first, record) == ()
            shorter = end_of(record, first).view.checkpoint
        assert journal.seen() == before
        third = desk.finishes(desk.begins()).name
        assert desk.runs()[third] == "finished"
        monkeypatch.setattr(journal, "seen", lambda: shorter)
        with pytest.raises(Refused) as refused:
            desk.begins(rounds=1)
        assert refused.value.code == "journal"

    def test_a_receipt_under_other_keys_is_of_the_same_log(self, desk, monkeypatch, tmp_path):
        """A site renews its keys between two runs; the auditor has the bundle of one and a receipt of the other."""
        run = desk.finishes(desk.begins()).name
        first, earlier = bundle_of(desk, run, tmp_path), receipt_of(desk)
        renews(desk, "osaka")
        run = desk.finishes(desk.begins()).name
        second, later = bundle_of(desk, run, tmp_path), receipt_of(desk, "osaka")
        assert told(verify(second, None, {"earlier": earlier})) == []
        found = verify(first, None, {"later": later})
        assert told(found) == []
        assert f"osaka has a receipt of run {run}" in odd(found)[-1]
        receipt, other = read_receipt(later), read_receipt(earlier)
        for changed in (replace(receipt, ended=receipt.began), replace(receipt, checkpoint=other.checkpoint)):
            assert told(verify(first, None, {"later": changed.to_bytes()})) != []
        keys = found.run.roster.parties_of(SITES)
        monkeypatch.setattr(receipt_checks, "proven_by", lambda one, _: check_receipt(one, keys))
        assert told(verify(first, None, {"later": later})) != []


def renews(desk, site):
    """A site replaces its key, and all approve the new roster."""
    old, new = desk.rehearsal.keys[site], new_identity()
    request = Request(
        "trial", "0" * 64, site, public_hex(old), Member(public_hex(new), public_node_text(new_node_key()))
    )
    signed = write_signed("request", request.proved("token").content, signature=new, **{EARLIER: old})
    members = {**desk.rehearsal.roster.members, site: request.member}
    key, study = desk.rehearsal.coordinator_key, study_hash(desk.study)
    desk.roster_file.write_bytes(sign_roster("trial", key, members, study, {site: [signed]}))
    desk.rehearsal.roster = read_roster(desk.roster_file.read_bytes())
    desk.rehearsal.keys[site] = new
    for name in SITES:
        desk.rehearsal.start_site(name)


@pytest.mark.parametrize("lost", ["the end", "the opening"])
def test_a_site_that_restored_its_newest_backup_goes_on(desk, monkeypatch, lost):
    """The copy was made before the site showed its own log once more; then it approved anew, so its log went on."""
    run = desk.finishes(desk.begins(), sites=()).name
    if lost == "the opening":
        with desk.record() as record:
            desk.delivers(run, record)
    backup = deepcopy(desk.rehearsal.journals["osaka"])
    with desk.record() as record:
        if lost == "the opening":
            record.cancel(desk.begins(rounds=1))
        desk.delivers(run, record)

    def restored(may_have_been_shown):
        copy = deepcopy(backup)
        size = copy._log.size
        copy._enter({"type": "approved"})
        if not may_have_been_shown:
            copy._shown.remove(size)
        desk.rehearsal.journals["osaka"] = copy
        desk.rehearsal.start_site("osaka")

    restored(may_have_been_shown=False)
    with pytest.raises(Refused, match="osaka shows a log of its own"):
        desk.begins(rounds=1)
    restored(may_have_been_shown=True)
    third = desk.finishes(desk.begins()).name
    assert desk.runs()[third] == "finished"


def test_a_site_that_was_away_gets_its_own_though_another_run_has_begun(desk, monkeypatch):
    first = desk.finishes(desk.begins(), sites=("asan", "kurume")).name
    second = desk.finishes(desk.begins(), sites=()).name
    clock = Clock()
    monkeypatch.setattr(run_command, "SystemClock", lambda: clock)
    network = Network(desk.rehearsal, clock)
    network.reachable = {"asan", "kurume"}
    asked = run_command._Asked(desk.study, desk.rehearsal.roster, {}, desk.home, desk.out, None, "riskset run")
    with desk.record() as record:
        waiting = run_command._waiting(asked, record)
        assert [one.run for one in waiting] == [second, first]
        said = [str(line) for line in run_command._after_end(waiting, network)]
        assert [f"run {run} " in line for run, line in zip((second, first), said, strict=True)] == [True, True]
        network.reachable = set(SITES)
        assert run_command._after_end(run_command._waiting(asked, record), network) == []
        assert run_command._waiting(asked, record) == []
