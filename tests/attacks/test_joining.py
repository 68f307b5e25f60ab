"""Attempts to join a study as someone else, or to make a site join someone else. First the honest way works."""

import json
import shutil
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from riskset.cli import main
from riskset.errors import DataError, Refused, VerificationError
from riskset.joining.expiry import today_utc
from riskset.joining.invite import read_invite, write_invite
from riskset.joining.request import EARLIER, read_request, write_request
from riskset.joining.signed import write_signed
from riskset.protocol.roster import Member, load_roster, read_roster, sign_roster
from riskset.secure.keys import load_identity, new_identity, public_hex
from riskset.secure.node_key import new_node_key, public_node_text
from riskset.study.load import load_study
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.joining.enrolment import EnrolmentDesk
from riskset_server.joining.invites import InviteList
from riskset_site import membership

STUDY = Path(__file__).parent.parent / "transcripts" / "coordinator" / "study.toml"
SITES = ("asan", "kurume")


class Town:
    """A coordinator, two hospitals and the mail between them; the commands are the real ones."""

    def __init__(self, root, capsys):
        self.root = root
        self.capsys = capsys
        self.study = root / "study.toml"
        shutil.copy(STUDY, self.study)
        self.server = CoordinatorFolder(root / "coordinator")
        self.server.make("127.0.0.1", 1, 2)
        self.said = ""

    def goes(self, *arguments):
        """Runs a command; returns its exit code and keeps its output."""
        code = main([str(argument) for argument in arguments])
        out, err = self.capsys.readouterr()
        self.said = out + err
        return code

    def invite(self, site, *options):
        path = self.root / f"{site}{len(list(self.root.glob('*.invite.json')))}.invite.json"
        code = self.goes("study", "invite", self.study, site, "--server", self.server.root, "--out", path, *options)
        return path if code == 0 else code

    def join(self, invite, folder, *options):
        return self.goes("site", "join", invite, "--into", self.root / folder, "--by-mail", *options)

    def renew(self, invite, folder, *options):
        return self.goes("site", "renew", invite, "--into", self.root / folder, "--by-mail", *options)

    def request(self, site, folder=None):
        return self.root / (folder or site) / f"{site}.request.json"

    def accept(self, site, request=None, *options):
        file = [request or self.request(site)]
        return self.goes("study", "accept", site, *file, "--server", self.server.root, "--compared", *options)

    def revoke(self, site):
        return self.goes("study", "revoke", site, "--server", self.server.root)

    def roster(self):
        code = self.goes("study", "roster", self.study, "--server", self.server.root)
        return load_roster(self.root / "roster.json") if code == 0 else code

    def server_member(self, site):
        """The keys that the coordinator has recorded for a site."""
        with self.server.desk() as desk:
            return desk.members(load_study(self.study))[site]

    def roster_of_one(self, site):
        member = self.server_member(site)
        return read_roster(sign_roster("two-hospitals", self.server.identity, {site: member}))

    def words(self):
        """The verification words in the last output."""
        (line,) = [line.strip() for line in self.said.splitlines() if line.startswith("  ") and len(line.split()) == 8]
        return line

    def all_join(self):
        for site in SITES:
            assert self.join(self.invite(site), site) == 0
            assert self.accept(site) == 0
        return self.roster()

    def identity(self, site, keys="keys"):
        return load_identity(self.root / site / keys / "identity.pem")


@pytest.fixture
def town(tmp_path, capsys):
    return Town(tmp_path, capsys)


def change(path, field, value, kind):
    """Changes one field of a signed file."""
    document = json.loads(path.read_bytes())
    document[kind][field] = value
    path.write_text(json.dumps(document))


def member_of_nowhere():
    return Member(public_hex(new_identity()), public_node_text(new_node_key()))


def test_the_honest_way(town):
    for site in SITES:
        assert town.join(town.invite(site), site, "--telephone", "+82 2 3010 0000", "--irb", "2026-1234") == 0
        heard = town.words()
        assert town.accept(site) == 0
        assert town.words() == heard
    roster = town.roster()
    assert {site: public_hex(key) for site, key in roster.sites.items()} == {
        site: public_hex(town.identity(site)) for site in SITES
    }
    assert roster.members["asan"].telephone == "+82 2 3010 0000"
    roster.check_signed_by(json.loads((town.root / "asan" / "connection.json").read_text())["coordinator"])


def test_no_private_key_is_in_what_travels(town):
    invite = town.invite("asan")
    town.join(invite, "asan")
    town.accept("asan")
    secret = town.identity("asan").private_bytes_raw()
    travelled = invite.read_bytes() + town.request("asan").read_bytes() + town.server.joining.read_bytes()
    for form in (secret, secret.hex().encode(), b"PRIVATE KEY"):
        assert form not in travelled
    assert read_invite(invite.read_bytes()).token.encode() not in town.request("asan").read_bytes()


def test_a_token_used_twice(town):
    invite = town.invite("asan")
    assert town.join(invite, "asan") == town.accept("asan") == 0
    assert town.join(invite, "second") == 0  # makes keys; only the coordinator can know
    assert town.accept("asan", town.request("asan", "second")) == 3
    assert "the invite of asan was already used" in town.said
    assert public_hex(town.identity("asan")) == town.server_member("asan").identity


def test_the_same_request_again_changes_nothing(town):
    invite = town.invite("asan")
    assert town.join(invite, "asan") == 0
    first = town.request("asan").read_bytes()
    assert town.join(invite, "asan") == 0
    assert "is used again" in town.said
    assert town.request("asan").read_bytes() == first
    with town.server.desk() as desk:
        again = [desk.receive_file(first, "asan").came_at for _ in range(2)]
    assert again[0] == again[1]


def test_two_machines_with_one_token_at_the_same_moment(town):
    path = town.invite("asan")
    invite = read_invite(path.read_bytes())
    requests = [write_request(invite, new_identity(), new_node_key().public_key()) for _ in range(8)]
    kept, refused = [], []

    def leave(request):
        try:
            with town.server.desk() as desk:
                kept.append(desk.receive(request, invite.token).text)
        except Refused as no:
            refused.append(no.code)

    threads = [threading.Thread(target=leave, args=(request,)) for request in requests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 1
    assert refused == ["used"] * 7


def test_an_expired_invite_at_the_site(town, monkeypatch):
    invite = town.invite("asan", "--days", 3)
    monkeypatch.setattr(membership, "today_utc", lambda: today_utc() + timedelta(days=4))
    assert town.join(invite, "asan") == 3
    assert "the invite of asan expired on" in town.said
    assert not (town.root / "asan" / "keys").exists()
    monkeypatch.setattr(membership, "today_utc", lambda: today_utc() + timedelta(days=3))
    assert town.join(invite, "asan") == 0


def test_an_expired_invite_from_a_site_whose_clock_is_behind(town):
    invite = town.invite("asan", "--days", 3)
    assert town.join(invite, "asan") == 0
    request, token = town.request("asan").read_bytes(), read_invite(invite.read_bytes()).token
    with InviteList(town.server.joining) as invites:
        late = EnrolmentDesk(invites, lambda: today_utc() + timedelta(days=4))
        with pytest.raises(Refused, match="the invite of asan expired on") as refused:
            late.receive(request, token)
        assert refused.value.code == "expired"
        on_the_last_day = EnrolmentDesk(invites, lambda: today_utc() + timedelta(days=3))
        assert on_the_last_day.receive(request, token).is_waiting
        assert late.receive(request, token).is_waiting  # it came in time; a person may take longer


INVITE_FIELDS = {
    "study": "another-study",
    "study_sha256": "0" * 64,
    "site": "kurume",
    "address": "elsewhere.example.org:8443",
    "authority": "",
    "coordinator": "11" * 32,
    "token": "A" * 43,
    "until": "2099-01-01",
    "renews": "11" * 32,
    "schema": 2,
    "more": "x",
}


@pytest.mark.parametrize("field", INVITE_FIELDS)
def test_a_changed_invite(town, field):
    path = town.invite("asan")
    change(path, field, INVITE_FIELDS[field], "invite")
    assert town.join(path, "asan") == 1
    assert "was changed after the coordinator signed it" in town.said or "is not an invite" in town.said
    assert not (town.root / "asan" / "keys").exists()


def test_an_invite_signed_by_someone_else(town):
    """The attacker has read the invite: token, study, site and address are right; key and authority are the
    attacker's."""
    path, thief = town.invite("asan"), new_identity()
    honest = read_invite(path.read_bytes())
    path.write_bytes(write_invite(type(honest)(**vars(honest) | {"coordinator": public_hex(thief)}), thief))
    assert town.join(path, "asan") == 0  # nothing in the file shows it
    heard = town.words()
    assert town.accept("asan") == 0
    assert town.words() != heard  # this shows it
    town.roster_of_one("asan").check_signed_by(honest.coordinator)
    with pytest.raises(VerificationError, match="signed with a different key than that of the coordinator who invited"):
        town.roster_of_one("asan").check_signed_by(public_hex(thief))


def test_an_attacker_between_who_shows_each_side_different_keys(town):
    invite = read_invite(town.invite("asan").read_bytes())
    thief = new_identity()
    shown = type(invite)(**vars(invite) | {"coordinator": public_hex(thief)})
    site = new_identity()
    towards_coordinator = write_request(invite, thief, new_node_key().public_key())
    with town.server.desk() as desk:
        desk.receive(towards_coordinator, invite.token)
        _, request, words = desk.waiting("asan")
    assert request.member.identity == public_hex(thief)
    assert shown.words(public_hex(site)) != words
    assert invite.words(public_hex(site)) != words


def test_a_stolen_invite(town):
    invite = town.invite("asan")
    assert town.join(invite, "thief") == 0
    with town.server.desk() as desk:
        desk.receive_file(town.request("asan", "thief").read_bytes(), "asan")
        stolen = desk.waiting("asan")[2]
    assert town.join(invite, "asan") == 0
    assert town.words() != stolen
    assert town.accept("asan") == 3  # the site's own request, by mail
    assert "already used" in town.said
    assert town.revoke("asan") == 0
    assert town.join(town.invite("asan"), "asan") == 0  # the site's keys are as good as before
    assert town.accept("asan") == 0
    assert public_hex(town.identity("asan")) == town.server_member("asan").identity


def test_a_request_read_on_its_way(town):
    """Anyone who reads the mail lacks the token, and cannot substitute other keys in the request."""
    assert town.join(town.invite("asan"), "asan") == 0
    honest, thief = read_request(town.request("asan").read_bytes()), new_identity()
    mine = type(honest)(**vars(honest) | {"member": type(honest.member)(public_hex(thief), honest.member.node)})
    forged = town.root / "forged.json"
    forged.write_bytes(write_signed("request", mine.content, signature=thief))
    assert read_request(forged.read_bytes()).member.identity == public_hex(thief)  # well formed and signed
    assert town.accept("asan", forged) == 3
    assert "was not made with an invite of this coordinator" in town.said
    assert town.accept("asan") == 0


@pytest.mark.parametrize("field", ["study", "study_sha256", "site", "renews", "member", "proof", "schema", "more"])
def test_a_changed_request(town, field):
    assert town.join(town.invite("asan"), "asan") == 0
    assert town.join(town.invite("kurume"), "kurume") == 0
    other = json.loads(town.request("kurume").read_bytes())["request"]
    values = other | {"study": "x", "study_sha256": "0" * 64, "renews": public_hex(new_identity()), "schema": 3}
    change(town.request("asan"), field, values.get(field, "x"), "request")
    assert town.accept("asan") in (1, 3)
    assert "was changed after" in town.said
    with pytest.raises(DataError), town.server.desk() as desk:
        desk.waiting("asan")


def test_a_site_s_request_under_another_site_s_invite(town):
    """A site with a valid invite uses its own token to request another site's place."""
    mine = read_invite(town.invite("kurume").read_bytes())
    town.invite("asan")
    forged = write_request(type(mine)(**vars(mine) | {"site": "asan"}), new_identity(), new_node_key().public_key())
    with town.server.desk() as desk:
        with pytest.raises(DataError, match="names a different site than the invite of kurume"):
            desk.receive(forged, mine.token)
        with pytest.raises(Refused, match="not made with an invite"):
            desk.receive_file(forged, "asan")


def test_a_request_for_another_study(town):
    invite = read_invite(town.invite("asan").read_bytes())
    for field, value in (("study", "another"), ("study_sha256", "0" * 64)):
        other = type(invite)(**vars(invite) | {field: value})
        with town.server.desk() as desk, pytest.raises(DataError, match="names a different study"):
            desk.receive(write_request(other, new_identity(), new_node_key().public_key()), invite.token)


def test_another_study_file_than_the_invite_s(town):
    folder = town.root / "asan"
    folder.mkdir()
    text = town.study.read_text(encoding="utf-8")
    (folder / "study.toml").write_text(text.replace('"1.0.0"', '"1.0.1"'), encoding="utf-8")
    assert load_study(folder / "study.toml").version != load_study(town.study).version
    invite = town.invite("asan")
    assert town.join(invite, "asan") == 1
    assert "does not match the study of the invite" in town.said
    shutil.copy(town.study, folder)
    assert town.join(invite, "asan") == 0


def test_an_invite_of_another_coordinator_into_a_folder_that_has_joined(town):
    assert town.join(town.invite("asan"), "asan") == 0
    before = (town.root / "asan" / "connection.json").read_bytes()
    other = CoordinatorFolder(town.root / "other")
    other.make("127.0.0.1", 1, 2)
    with other.desk() as desk:
        _, text = desk.invite(load_study(town.study), "asan", other.identity, other.public_server)
    (town.root / "theirs.invite.json").write_bytes(text)
    assert town.join(town.root / "theirs.invite.json", "asan") == 1
    assert "is not signed by the coordinator that" in town.said
    assert (town.root / "asan" / "connection.json").read_bytes() == before


def test_a_site_that_the_study_does_not_name(town):
    assert town.invite("osaka") == 1
    assert "the study has no site 'osaka'" in town.said


def test_an_invented_hospital_in_a_roster(town):
    """The coordinator signs a site that no study names: the sites' study refuses it."""
    roster = town.all_join()
    members = dict(roster.members) | {"invented": member_of_nowhere()}
    forged = read_roster(sign_roster(roster.study_id, town.server.identity, members))
    with pytest.raises(DataError, match="sites that the study does not name: invented"):
        forged.check_belongs_to(load_study(town.study))


def test_a_revoked_invite(town):
    invite = town.invite("asan")
    assert town.revoke("asan") == 0
    assert town.join(invite, "asan") == 0
    assert town.accept("asan") == 3
    assert "the invite of asan was revoked on" in town.said


def test_an_invite_that_a_later_one_replaced(town):
    first, second = town.invite("asan"), town.invite("asan")
    assert town.join(first, "first") == town.join(second, "asan") == 0
    assert town.accept("asan", town.request("asan", "first")) == 3
    assert "the invite of asan was replaced on" in town.said
    assert town.accept("asan") == 0


def test_a_revoked_site(town):
    roster = town.all_join()
    with town.server.desk() as desk:
        desk.check_roster(roster)
    assert town.revoke("kurume") == 0
    with town.server.desk() as desk, pytest.raises(Refused, match="contains a key of kurume that was revoked on"):
        desk.check_roster(roster)
    assert town.roster() == 1  # one site is not a study
    assert "kurume: revoked on" in town.said
    assert town.goes("study", "accept", "kurume", "--server", town.server.root, "--compared") == 1
    assert "no request from kurume is waiting: revoked on" in town.said


def test_a_revoked_key_that_comes_back(town):
    roster = town.all_join()
    assert town.revoke("kurume") == 0
    assert town.join(town.invite("kurume"), "kurume") == 0  # with the keys it has
    assert town.accept("kurume") == 3
    assert "kurume asks to join with a key that was revoked on" in town.said
    shutil.rmtree(town.root / "kurume" / "keys")
    town.request("kurume").unlink()
    assert town.join(town.invite("kurume"), "kurume") == town.accept("kurume") == 0
    renewed = town.roster()
    assert public_hex(renewed.sites["kurume"]) != public_hex(roster.sites["kurume"])
    with town.server.desk() as desk:
        desk.check_roster(renewed)


@pytest.mark.parametrize("spelled", [str.upper, lambda key: f"{key[:2]} {key[2:]}", lambda key: f"{key} "])
def test_a_revoked_key_in_another_spelling(town, spelled):
    town.all_join()
    assert town.revoke("kurume") == 0
    invite, key = read_invite(town.invite("kurume").read_bytes()), town.identity("kurume")
    honest = read_request(write_request(invite, key, new_node_key().public_key()))
    member = Member(spelled(honest.member.identity), honest.member.node)
    again = type(honest)(**vars(honest) | {"member": member}).proved(invite.token)
    with town.server.desk() as desk:
        with pytest.raises(DataError, match="is not a join request from a site"):
            desk.receive(write_signed("request", again.content, signature=key), invite.token)
        with pytest.raises(Refused, match="a key that was revoked"):
            desk.receive(write_signed("request", honest.content, signature=key), invite.token)


def test_a_proof_in_letters_that_no_hash_has(town):
    invite, key = read_invite(town.invite("asan").read_bytes()), new_identity()
    honest = read_request(write_request(invite, key, new_node_key().public_key()))
    odd = type(honest)(**vars(honest) | {"proof": "é" * 64})
    with town.server.desk() as desk, pytest.raises(VerificationError, match="not made with the invite of asan"):
        desk.receive(write_signed("request", odd.content, signature=key), invite.token)


def test_a_site_with_another_site_s_key(town):
    assert town.join(town.invite("asan"), "asan") == town.accept("asan") == 0
    invite = read_invite(town.invite("kurume").read_bytes())
    twin = write_request(invite, town.identity("asan"), new_node_key().public_key())
    with town.server.desk() as desk, pytest.raises(DataError, match="kurume asks to join with a key of asan"):
        desk.receive(twin, invite.token)


def test_a_site_with_the_coordinator_s_key(town):
    invite = read_invite(town.invite("asan").read_bytes())
    twin = write_request(invite, town.server.identity, new_node_key().public_key())
    with town.server.desk() as desk, pytest.raises(DataError, match="a key that is already in use"):
        desk.receive(twin, invite.token)


def test_a_request_put_in_the_place_of_the_one_that_was_shown(town):
    first = town.invite("asan")
    assert town.join(first, "first") == 0
    with town.server.desk() as desk:
        desk.receive_file(town.request("asan", "first").read_bytes(), "asan")
        invite, request, _ = desk.waiting("asan")
        assert town.join(town.invite("asan"), "asan") == 0
        desk.receive_file(town.request("asan").read_bytes(), "asan")
        with pytest.raises(Refused, match="not the one that was shown"):
            desk.accept(invite, request)
    assert town.accept("asan") == 0
    assert public_hex(town.identity("asan")) == town.server_member("asan").identity


def test_words_that_were_not_compared(town, monkeypatch):
    assert town.join(town.invite("asan"), "asan") == 0
    monkeypatch.setattr("typer.confirm", lambda question: False)
    assert town.goes("study", "accept", "asan", town.request("asan"), "--server", town.server.root) == 3
    assert "asan was not entered" in town.said
    assert town.roster() == 1
    assert "asan: its request is waiting to be accepted" in town.said


def test_letters_that_move_a_terminal_s_cursor(town):
    invite = read_invite(town.invite("asan").read_bytes())
    evil = write_request(invite, new_identity(), new_node_key().public_key(), telephone="1\x1b[2J", irb="\r")
    with town.server.desk() as desk, pytest.raises(DataError, match="not a join request"):
        desk.receive(evil, invite.token)


def test_a_key_renewed_by_its_owner(town):
    before = town.all_join()
    shutil.copy(town.root / "roster.json", town.root / "asan")
    invite = town.invite("asan")
    assert town.renew(invite, "asan", "--irb-until", "2099-12-31") == 0
    heard = town.words()
    assert town.accept("asan") == 0
    assert town.words() == heard
    assert "renews its keys, signed with its earlier key" in town.said
    after = town.roster()
    assert public_hex(after.sites["asan"]) == public_hex(town.identity("asan", "keys/2"))
    assert public_hex(before.sites["asan"]) == public_hex(town.identity("asan"))
    assert after.members["asan"].irb_until == "2099-12-31"
    assert {after.party(public_hex(roster.sites["asan"])) for roster in (before, after)} == {
        public_hex(before.sites["asan"])
    }  # to R13 it is the hospital that it was
    with town.server.desk() as desk, pytest.raises(Refused, match="contains a key of asan that was replaced on"):
        desk.check_roster(before)


def test_a_key_renewed_by_a_thief_of_the_invite(town):
    town.all_join()
    path = town.invite("asan")
    invite = read_invite(path.read_bytes())
    assert invite.renews == public_hex(town.identity("asan"))
    assert town.join(path, "thief") == 1
    assert "this invite renews its keys" in town.said

    thief, node = new_identity(), new_node_key().public_key()
    unsigned = write_request(invite, thief, node)
    own = write_request(invite, thief, node, earlier=new_identity())
    claimed = json.loads(write_request(invite, thief, node, earlier=town.identity("asan")))
    claimed[EARLIER] = thief.sign(b"").hex()
    with town.server.desk() as desk:
        with pytest.raises(DataError, match="names a different earlier key"):
            desk.receive(unsigned, invite.token)
        with pytest.raises(DataError, match="names a different earlier key"):
            desk.receive(own, invite.token)
        with pytest.raises(VerificationError, match="not signed by the earlier key of asan"):
            desk.receive(json.dumps(claimed).encode(), invite.token)
    assert town.renew(path, "asan") == town.accept("asan") == 0


def test_a_renewal_whose_site_was_revoked_meanwhile(town):
    town.all_join()
    assert town.renew(town.invite("asan"), "asan") == 0
    assert town.revoke("asan") == 0
    assert town.accept("asan") == 3
    assert "was revoked on" in town.said


def test_a_roster_signed_by_another_key(town):
    roster = town.all_join()
    forged = read_roster(sign_roster(roster.study_id, new_identity(), roster.members))
    coordinator = json.loads((town.root / "asan" / "connection.json").read_text())["coordinator"]
    roster.check_signed_by(coordinator)
    with pytest.raises(VerificationError, match="signed with a different key than that of the coordinator who invited"):
        forged.check_signed_by(coordinator)


def test_one_signature_passed_off_as_another_kind(town):
    """A roster's signature over the content of an invite, with the same key, is invalid."""
    content = json.loads(town.invite("asan").read_bytes())["invite"]
    path = town.root / "forged.invite.json"
    signed = json.loads(write_signed("roster", content, signature=town.server.identity))
    path.write_text(json.dumps({"invite": content, "signature": signed["signature"]}))
    assert town.join(path, "asan") == 1
    assert "was changed after the coordinator signed it" in town.said
