"""What follows the end of a run: cosignatures of all sites, receipts, and that no site rewrites its own log."""

import json
from dataclasses import replace

import pytest
from tests.server.run.conftest import SITES, Desk, told
from tests.server.run.forging import without_end
from tests.server.run.test_rounds import Clock, Network

from riskset.audit.archive import unpack
from riskset.audit.verify import verify
from riskset.cli import main
from riskset.errors import ProtocolError, Refused, VerificationError
from riskset.ledger.entry import Entry
from riskset.ledger.merkle import Tree, leaf_hash
from riskset.protocol import ended_here
from riskset.protocol import site as site_module
from riskset.protocol.after_end import AfterEnd
from riskset.protocol.coordinator import Coordinator
from riskset.protocol.end_messages import End, delivery, read_delivery
from riskset.protocol.messages import END, KEPT, RECEIPT, REFUSED, WITNESSED
from riskset.protocol.own_log import checkpoint_of
from riskset.protocol.receipt import check_receipt, read_receipt
from riskset.protocol.roster import COORDINATOR
from riskset.secure.envelope import claimed_head, seal, sha256, unframe
from riskset.strict_json import read_json
from riskset_server.run.after_end import PATIENCE_S, Afterwards
from riskset_server.run.ended import end_of

LONG_AGO = "2020-01-01T00:00:00.000+00:00"


@pytest.fixture
def desk(tmp_path, patients):
    return Desk(tmp_path, patients)


def after(desk, run, record):
    return AfterEnd(desk.rehearsal.coordinator_key, desk.rehearsal.roster, end_of(record, run), record)


def receipt_of(desk, site="asan"):
    """The file that a site writes for an auditor, of its last run."""
    (*_, exchanges) = desk.rehearsal.journals[site].kept.values()
    assert claimed_head(exchanges[-1].request).type == RECEIPT
    return read_delivery(unframe(exchanges[-1].request)[1])[0]


def code(reply):
    assert claimed_head(reply).type == REFUSED
    return read_json(unframe(reply)[1])["code"]


def closing_swapped(log):
    """The replies of the closing round in another order."""
    return [*log[:-3], log[-2], log[-3], log[-1]]


def ended_long_ago(log):
    return [*log[:-1], Entry(0, LONG_AGO, "ended", log[-1].public, b"")]


def other_results(log):
    files = {**log[-1].public["files"], "terms.csv": sha256(b"invented")}
    return [*log[:-1], Entry(0, log[-1].at, "ended", {**log[-1].public, "files": files}, b"")]


@pytest.mark.parametrize(
    ("change", "files"),
    [(closing_swapped, {}), (ended_long_ago, {}), (other_results, {"results/terms.csv": b"invented"})],
)
def test_what_a_coordinator_rewrites_after_the_last_message_is_found_by_the_cosignatures(
    bundle, trusted, with_log, change, files
):
    alone = verify(with_log(change, **without_end(bundle), **files), trusted)
    assert told(alone) == []  # nobody but the coordinator vouches for it, and it is said so
    assert sum("has not cosigned the end" in str(one.told) for one in alone.checks.odd) == len(SITES)
    failures = told(verify(with_log(change, **files), trusted))
    for site in SITES:
        assert any(f"{site} cosigned another end of the run" in line for line in failures), failures


@pytest.mark.parametrize("change", [closing_swapped, ended_long_ago])
def test_one_receipt_finds_it_where_the_cosignatures_are_kept_back(finished, bundle, trusted, with_log, change):
    receipts = {"asan.receipt.json": receipt_of(finished[0])}
    honest = verify(bundle, trusted, receipts)
    assert told(honest) == []
    assert honest.checks.held["receipts"] == 4
    found = verify(with_log(change, **without_end(bundle)), trusted, receipts)
    (failure,) = told(found)
    assert failure.startswith("asan.receipt.json: the receipt of asan is of another log of the coordinator")


def test_a_later_run_that_is_not_shown_has_a_receipt(desk, tmp_path, trusted, capsys):
    first = desk.finishes(desk.begins()).name
    assert desk.says("bundle", first, "--file", tmp_path / "first.zip") == 0
    second = desk.finishes(desk.begins()).name
    (tmp_path / "osaka.receipt.json").write_bytes(receipt_of(desk, "osaka"))
    capsys.readouterr()
    command = ["audit", "verify", str(tmp_path / "first.zip")]
    assert main(command) == 0
    assert second not in capsys.readouterr().out
    assert main([*command, "--receipt", str(tmp_path / "osaka.receipt.json")]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"osaka has a receipt of run {second} of the study trial" in said
    assert "ask for the bundle of that run" in said


def test_a_receipt_of_an_earlier_run_is_of_the_same_log(desk, tmp_path):
    desk.finishes(desk.begins())
    earlier = receipt_of(desk)
    second = desk.finishes(desk.begins()).name
    assert desk.says("bundle", second, "--file", tmp_path / "second.zip") == 0
    found = verify((tmp_path / "second.zip").read_bytes(), None, {"earlier": earlier})
    assert told(found) == []
    assert found.checks.held["receipts"] == 2


def test_a_receipt_with_anything_changed_is_refused(finished):
    desk = finished[0]
    keys = desk.rehearsal.roster.parties_of(SITES)
    receipt = read_receipt(receipt_of(desk))
    other = read_receipt(receipt_of(desk, "osaka"))
    assert [one.kind for one in check_receipt(receipt, keys).replies] == ["received"] * len(receipt.replies)
    for changed in (
        replace(receipt, run="0" * 16),
        replace(receipt, study="0" * 64),
        replace(receipt, roster="0" * 64),
        replace(receipt, site="osaka"),
        replace(receipt, ended=receipt.began),
        replace(receipt, began=other.replies[0]),
        replace(receipt, replies=receipt.replies[1:]),
        replace(receipt, replies=other.replies),
        replace(receipt, log=other.log),
        replace(receipt, log=receipt.log.rsplit("—", 1)[0]),
        replace(receipt, checkpoint=receipt.checkpoint.rsplit("—", 1)[0]),
        replace(receipt, ended=replace(receipt.ended, text=receipt.ended.text.replace("terms.csv", "terms.csw"))),
        replace(receipt, ended=replace(receipt.ended, proof=receipt.ended.proof[1:])),
    ):
        assert changed != receipt
        with pytest.raises((VerificationError, ProtocolError)):
            check_receipt(changed, keys)


def test_a_site_that_is_away_gets_its_own_later(desk):
    run = desk.finishes(desk.begins(), sites=("asan", "kurume")).name
    with desk.record() as record:
        assert after(desk, run, record).has_not_cosigned == ("osaka",)
        assert desk.delivers(run, record) == ()
        assert after(desk, run, record).waiting_for == ()
    assert all(read_receipt(receipt_of(desk, site)).run == run for site in SITES)


def test_asked_again_both_sides_repeat_their_bytes(desk):
    run = desk.finishes(desk.begins(), sites=()).name
    requests = []
    for _ in range(2):
        with desk.record() as record:
            requests.append(after(desk, run, record).request("asan"))
            desk.rehearsal.start_site("asan")
            requests.append(desk.rehearsal.sites["asan"].answer(requests[0]))
    assert requests[:2] == requests[2:]
    assert claimed_head(requests[1]).type == WITNESSED
    with desk.record() as record:
        ended = after(desk, run, record)
        for site in SITES:
            ended.accept(desk.rehearsal.sites[site].answer(ended.request(site)))
        assert ended.accept(requests[1]) is None
        receipts = [after(desk, run, record).request("asan") for _ in range(2)]
        assert receipts[0] == receipts[1]
        assert claimed_head(receipts[0]).type == RECEIPT
        desk.rehearsal.start_site("asan")
        replies = [desk.rehearsal.sites["asan"].answer(receipts[0]) for _ in range(2)]
        assert replies[0] == replies[1]
        assert claimed_head(replies[0]).type == KEPT


def test_neither_the_report_nor_the_next_run_notices_that_sites_cosigned_the_end(desk):
    run = desk.finishes(desk.begins(), sites=()).name
    before = {path.name: path.read_bytes() for path in (desk.out / run).iterdir() if path.is_file()}
    with desk.record() as record:
        desk.delivers(run, record)
    assert desk.says("report", run) == 0
    assert {path.name: path.read_bytes() for path in (desk.out / run).iterdir() if path.is_file()} == before
    second = desk.finishes(desk.begins()).name
    assert desk.runs()[second] == "finished"


class TestASiteDoesNotCosign:
    @pytest.fixture
    def ended(self, desk):
        run = desk.finishes(desk.begins(), sites=()).name
        with desk.record() as record:
            yield desk, end_of(record, run), after(desk, run, record)

    def asked(self, ended, payload, type_=END, later=1, **head):
        desk, end, _ = ended
        closing = end.closing
        said = {"study": closing.study, "roster": closing.roster, "run": closing.run, "history": closing.history}
        stated = {**said, "type": type_, "round": closing.round + later, "sender": COORDINATOR, **head}
        return desk.rehearsal.sites["asan"].answer(seal(desk.rehearsal.coordinator_key, payload, **stated))

    def test_an_end_that_is_another_entry(self, ended):
        _, end, _ = ended
        assert code(self.asked(ended, End(end.view, end.began).to_bytes())) == "ledger"
        assert code(self.asked(ended, End(end.view, end.replies["asan"][-1]).to_bytes())) == "ledger"
        other = replace(end.ended, text=end.ended.text.replace("terms.csv", "terms.csw"))
        assert code(self.asked(ended, End(end.view, other).to_bytes())) == "ledger"

    def test_a_log_that_does_not_continue_what_it_saw(self, ended):
        _, end, _ = ended
        assert code(self.asked(ended, End(replace(end.view, proofs={}), end.ended).to_bytes())) == "ledger"

    def test_out_of_order(self, ended):
        _, end, _ = ended
        payload = End(end.view, end.ended).to_bytes()
        for head in ({"later": 2}, {"type_": RECEIPT}, {"history": "0" * 64}):
            assert code(self.asked(ended, payload, **head)) == "order"
        assert claimed_head(self.asked(ended, payload)).type == WITNESSED

    def test_before_the_run_is_closed(self, desk):
        run = desk.begins(rounds=3)
        with desk.record() as record:
            request = record.request(run, 2)
        head = claimed_head(request)
        said = {"study": head.study, "roster": head.roster, "run": run, "history": head.history, "sender": COORDINATOR}
        asked = seal(desk.rehearsal.coordinator_key, b"", type=END, round=3, **said)
        assert code(desk.rehearsal.sites["asan"].answer(asked)) == "order"

    def test_a_receipt_that_leaves_out_a_reply_or_a_site(self, ended):
        desk, _, afterwards = ended
        for site in SITES:
            afterwards.accept(desk.rehearsal.sites[site].answer(afterwards.request(site)))
        data, parts = read_delivery(unframe(afterwards.request("asan"))[1])
        receipt, later = read_receipt(data), {"type_": RECEIPT, "later": 2}
        fewer = replace(receipt, replies=receipt.replies[:-1]).to_bytes()
        assert code(self.asked(ended, delivery(fewer, parts), **later)) == "ledger"
        osakas = read_delivery(unframe(afterwards.request("osaka"))[1])[0]
        assert code(self.asked(ended, delivery(osakas, parts), **later)) == "ledger"
        assert code(self.asked(ended, delivery(data, parts[1:]), **later)) == "site_log"
        assert claimed_head(self.asked(ended, delivery(data, parts), **later)).type == KEPT


def rewritten(journal):
    """A site writes its log anew, with an earlier approval, as long as before."""
    journal._log = Tree(leaf_hash(b"dated back %d" % number) for number in range(journal._log.size))


def test_a_site_that_rewrote_its_log_opens_no_further_run(desk, monkeypatch):
    desk.finishes(desk.begins())
    rewritten(desk.rehearsal.journals["osaka"])
    with monkeypatch.context() as off:
        off.setattr(Coordinator, "_check_its_log", lambda *_: None)
        off.setattr(site_module, "check_shown", lambda *_: None)
        run = desk.begins(rounds=3)
        assert desk.runs()[run] == "unfinished"
    with pytest.raises(
        Refused, match=r"osaka shows a log of its own \(size 12\) that is not the one \(size 1\)"
    ) as refused:
        desk.begins(rounds=1)
    assert refused.value.code == "site_log"
    with monkeypatch.context() as off:  # a coordinator that looks away
        off.setattr(Coordinator, "_check_its_log", lambda *_: None)
        with pytest.raises(Refused, match="was shown a log by another site that is not the one"):
            desk.begins(rounds=2)


def test_a_site_that_rewrote_its_log_during_a_run_is_found_after_its_end(desk, monkeypatch):
    run = desk.begins(rounds=3)
    rewritten(desk.rehearsal.journals["osaka"])
    run = desk.finishes(run, sites=()).name
    with desk.record() as record:
        afterwards = after(desk, run, record)
        reply = desk.rehearsal.sites["osaka"].answer(afterwards.request("osaka"))
        with pytest.raises(VerificationError, match="osaka shows a log of its own"):
            afterwards.accept(reply)
        assert "osaka" in afterwards.waiting_for
        looks_away = lambda _site, _key, view, _seen: checkpoint_of(view)  # noqa: E731
        monkeypatch.setattr("riskset.protocol.after_end.check_own_log", looks_away)
        for site in SITES:
            afterwards.accept(desk.rehearsal.sites[site].answer(afterwards.request(site)))
        request = afterwards.request("asan")
        monkeypatch.undo()
        assert code(desk.rehearsal.sites["asan"].answer(request)) == "site_log"


def test_what_alternating_runs_showed_is_one_log(desk):
    """The second run is opened and closed while the first one waits for its second round."""
    first = desk.begins(rounds=1)
    second = desk.begins(rounds=1)
    desk.finishes(second)
    desk.finishes(first)
    assert desk.runs()[first] == "finished"


def test_a_bundle_shows_whose_log_was_rewritten(finished, bundle, trusted, signed_again):
    """Its own signature on what it showed when the run opened contradicts what it shows after the end."""
    desk, files = finished[0], unpack(bundle)
    path = next(path for path in files if path.startswith("messages/06-osaka"))
    head, _ = claimed_head(files[path]), None
    seen = ended_here.read_seen_to_end(unframe(files[path])[1])
    other = replace(seen, log=replace(seen.log, proofs={}))
    said = {name: getattr(head, name) for name in ("type", "study", "roster", "run", "round", "sender", "history")}
    forged = seal(desk.rehearsal.keys["osaka"], other.to_bytes(), **said)
    failures = told(verify(signed_again(**{path: forged}), trusted))
    assert any(line.startswith(f"{path}: osaka shows a log of its own") for line in failures), failures


def test_the_cosigned_end_is_a_file_for_readers(bundle):
    files = unpack(bundle)
    note = files["checkpoints/end.txt"].decode()
    assert note.splitlines()[0] == "riskset/coordinator"
    assert all(f"— {site} " in note for site in SITES)
    assert json.loads(files["manifest.json"])["bundle"]["run"]


class TestTheConductorAfterTheEnd:
    """Over a network that loses messages, or sites that refuse: it asks who is there, and names who is left."""

    @pytest.fixture
    def conducted(self, desk):
        run = desk.finishes(desk.begins(), sites=()).name
        with desk.record() as record:
            clock = Clock()
            network = Network(desk.rehearsal, clock)
            yield network, after(desk, run, record), lambda of: [str(m) for m in Afterwards(of, network, clock).run()]

    def test_everybody_is_there(self, conducted):
        network, afterwards, runs = conducted
        assert runs(afterwards) == []
        assert len(network.sent) == 2 * len(SITES)
        assert runs(afterwards) == []
        assert len(network.sent) == 2 * len(SITES)

    def test_one_is_away(self, conducted):
        network, afterwards, runs = conducted
        network.reachable = {"asan", "kurume"}
        (said,) = runs(afterwards)
        assert said.startswith(f"run {afterwards.run} is finished; the end is not yet cosigned by osaka.")
        network.reachable = {"osaka"}
        (said,) = runs(afterwards)
        assert said.startswith(f"run {afterwards.run} is finished; its receipt has not reached asan and kurume.")
        network.reachable = set(SITES)
        assert runs(afterwards) == []

    def test_one_is_silent(self, conducted):
        network, afterwards, runs = conducted
        network.is_lost = lambda site: site == "osaka"
        (said,) = runs(afterwards)
        assert "not yet cosigned by osaka" in said
        assert network.clock.now() < 2 * PATIENCE_S
        assert [site for _, site, _ in network.sent].count("osaka") == 1

    def test_one_refuses_and_one_sends_nonsense(self, conducted):
        network, afterwards, runs = conducted
        refusal = network.rehearsal.sites["osaka"].refusal("approval")
        network.changes = lambda site, reply: {"osaka": refusal, "kurume": b"x"}.get(site, reply)
        said = runs(afterwards)
        assert any("osaka" in line and "approv" in line for line in said), said
        assert any(line.startswith("a reply from kurume was ignored") for line in said)
        assert "not yet cosigned by kurume and osaka" in said[-1]
        network.changes = lambda site, reply: reply
        assert runs(afterwards) == []
