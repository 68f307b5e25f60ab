"""`riskset site join` and `renew` do what they are told, or say that they do not."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from riskset.cli import main
from riskset.joining.expiry import today_utc
from riskset.joining.request import read_request
from riskset.passphrase import PASSPHRASE_VARIABLE
from riskset.secure.keys import is_locked, public_hex
from riskset.study.load import load_study
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_site.keys import SitePaths, identity_in, load_keys, node_in

STUDY = Path(__file__).parents[1] / "transcripts" / "coordinator" / "study.toml"
WORDS = "correct horse battery"


class Kurume:
    """A hospital and its coordinator, with the mail between them; the commands are the real ones."""

    def __init__(self, root, capsys):
        self.root, self.capsys, self.said = root, capsys, ""
        self.study = Path(shutil.copy(STUDY, root / "study.toml"))
        self.server = CoordinatorFolder(root / "coordinator")
        self.server.make("127.0.0.1", 1, 2)
        self.paths = SitePaths(root / "kurume")
        self.invite = root / "kurume.invite.json"

    def goes(self, *arguments):
        code = main([str(argument) for argument in arguments])
        self.said = "".join(self.capsys.readouterr())
        return code

    def is_invited(self, site="kurume"):
        return self.goes("study", "invite", self.study, site, "--server", self.server.root, "--out", self.invite)

    def joins(self, *options, command="join"):
        return self.goes("site", command, self.invite, "--into", self.paths.root, "--by-mail", *options)

    def is_accepted(self):
        file = self.paths.request("kurume")
        return self.goes("study", "accept", "kurume", file, "--server", self.server.root, "--compared")

    @property
    def request(self):
        return read_request(self.paths.request("kurume").read_bytes())

    @property
    def entered(self):
        with self.server.desk() as desk:
            return desk.members(load_study(self.study))["kurume"]

    @property
    def locks(self):
        return [is_locked(path) for keys in self.paths.keys for path in (identity_in(keys), node_in(keys))]


@pytest.fixture
def kurume(tmp_path, capsys):
    made = Kurume(tmp_path, capsys)
    assert made.is_invited() == 0
    return made


def day(days):
    return (today_utc() + timedelta(days=days)).isoformat()


def test_a_passphrase_locks_the_keys_that_are_there(kurume, monkeypatch):
    assert kurume.joins() == 0
    before, sent = load_keys(kurume.paths), kurume.request
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    assert kurume.joins("--passphrase") == 0
    assert "locked the keys in" in kurume.said
    assert kurume.locks == [True, True]
    assert public_hex(load_keys(kurume.paths).signing) == public_hex(before.signing)
    assert kurume.request == sent, "the same request, made with the same keys"
    assert kurume.joins("--passphrase") == 0
    assert "are already locked" in kurume.said
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "another one of twelve")
    assert kurume.joins("--passphrase") == 1
    assert "the passphrase does not open" in kurume.said


def test_a_lock_that_was_interrupted_is_completed(kurume, monkeypatch):
    assert kurume.joins() == 0
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    unlocked = node_in(kurume.paths.keys[0]).read_bytes()
    assert kurume.joins("--passphrase") == 0
    node_in(kurume.paths.keys[0]).write_bytes(unlocked)  # killed between the two files
    load_keys(kurume.paths)
    assert kurume.joins("--passphrase") == 0
    assert kurume.locks == [True, True]


def test_a_renewal_locks_every_key_with_one_passphrase(kurume, monkeypatch):
    assert kurume.joins() == kurume.is_accepted() == kurume.is_invited() == 0
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "short")
    assert kurume.joins("--passphrase", command="renew") == 1
    assert kurume.locks == [False, False]
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    assert kurume.joins("--passphrase", command="renew") == 0
    assert kurume.locks == [True] * 4
    assert len(load_keys(kurume.paths).earlier) == 1


def test_a_corrected_irb_number_is_sent_and_entered(kurume):
    assert kurume.joins("--telephone", "+81 942 1", "--irb", "2026-021", "--irb-until", day(90)) == 0
    assert "telephone  +81 942 1" in kurume.said
    assert f"IRB        2026-021, until {day(90)}" in kurume.said
    first = kurume.request.member
    with kurume.server.desk() as desk:
        desk.receive_file(kurume.paths.request("kurume").read_bytes(), "kurume")
    assert kurume.joins("--irb", "2026-012") == 0
    assert "was made again with the same keys" in kurume.said
    assert f"IRB        2026-012, until {day(90)}" in kurume.said
    assert (kurume.request.member.identity, kurume.request.member.node) == (first.identity, first.node)
    assert kurume.is_accepted() == 0
    assert (kurume.entered.telephone, kurume.entered.irb) == ("+81 942 1", "2026-012")


def test_a_correction_after_the_keys_were_entered_is_refused(kurume):
    assert kurume.joins("--irb", "2026-021") == kurume.is_accepted() == 0
    assert kurume.joins("--irb", "2026-012") == 0
    assert kurume.is_accepted() == 3
    assert "give the corrected ones with: riskset site renew" in kurume.said
    assert kurume.entered.irb == "2026-021"


def test_a_request_shown_before_its_correction_is_not_accepted(kurume):
    assert kurume.joins("--irb", "2026-021") == 0
    with kurume.server.desk() as desk:
        desk.receive_file(kurume.paths.request("kurume").read_bytes(), "kurume")
        invite, shown, words = desk.waiting("kurume")
        assert kurume.joins("--irb", "2026-012") == 0
        desk.receive_file(kurume.paths.request("kurume").read_bytes(), "kurume")
        with pytest.raises(Exception, match="is not the one that was shown"):
            desk.accept(invite, shown)
        assert desk.waiting("kurume")[2] == words


@pytest.mark.parametrize("command", ["join", "renew"])
def test_an_irb_approval_that_has_ended_is_not_sent(kurume, command):
    if command == "renew":
        assert kurume.joins() == kurume.is_accepted() == kurume.is_invited() == 0
    keys = kurume.paths.keys
    assert kurume.joins("--irb-until", day(-1), command=command) == 1
    assert f"the last day of the IRB approval, {day(-1)}, is in the past" in kurume.said
    assert (kurume.paths.has_keys, kurume.paths.keys) == (command == "renew", keys)
    assert kurume.joins("--irb-until", day(0), command=command) == 0


def test_a_renewal_keeps_what_it_is_not_told_to_change(kurume):
    assert kurume.joins("--telephone", "+81 942 1", "--irb", "2026-012", "--irb-until", day(20)) == 0
    assert kurume.is_accepted() == 0
    kurume.paths.roster.write_bytes(_roster_of_one(kurume))
    kurume.paths.request("kurume").unlink()
    assert kurume.is_invited() == 0
    assert kurume.joins("--irb-until", day(400), command="renew") == 0
    member = kurume.request.member
    assert (member.telephone, member.irb, member.irb_until) == ("+81 942 1", "2026-012", day(400))


def _roster_of_one(kurume):
    from riskset.protocol.roster import sign_roster

    return sign_roster(load_study(kurume.study).id, kurume.server.identity, {"kurume": kurume.entered})


def test_the_next_invite_takes_the_place_of_the_last(kurume):
    first = kurume.invite.read_bytes()
    assert kurume.is_invited() == 0
    assert "which admits no one from now on" in kurume.said
    assert kurume.invite.read_bytes() != first
    second = kurume.invite.read_bytes()
    assert kurume.is_invited("asan") == 1, "the invite of another site is not overwritten"
    assert kurume.invite.read_bytes() == second
    assert kurume.joins() == kurume.is_accepted() == 0


def test_new_keys_do_not_join_beside_a_ledger_of_lost_ones(kurume):
    """They could not verify it, and every later command would end with that; in a new folder they can take part."""
    assert kurume.joins() == 0
    kurume.is_accepted()
    assert kurume.goes("study", "accept", "kurume", "--server", kurume.server.root) == 1
    assert "there is nothing to accept" in kurume.said
    kurume.paths.journal.write_bytes(b"entries of the lost keys")
    shutil.rmtree(kurume.paths.root / "keys")
    assert kurume.goes("study", "revoke", "kurume", "--server", kurume.server.root) == 0
    assert kurume.is_invited() == 0
    assert kurume.joins() == 1
    assert "join in a new folder" in kurume.said
    assert not kurume.paths.has_keys
    kurume.paths = SitePaths(kurume.root / "new folder")
    assert kurume.joins() == 0
    assert kurume.is_accepted() == 0
