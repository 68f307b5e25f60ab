"""A site's keys over time: made once, locked if wanted, renewed beside the earlier ones, chosen by the roster."""

import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from riskset.cli import main
from riskset.errors import DataError
from riskset.passphrase import PASSPHRASE_VARIABLE
from riskset.protocol.roster import Member, sign_roster
from riskset.secure.keys import is_locked, new_identity, public_hex
from riskset.secure.node_key import public_node_text
from riskset_site.keys import SitePaths, identity_in, load_keys, make_keys, new_passphrase, node_in

STUDY = Path(__file__).parents[1] / "transcripts" / "coordinator" / "study.toml"
WORDS = "correct horse battery"


@pytest.fixture
def folder(tmp_path):
    return SitePaths(tmp_path / "kurume")


def enters(folder, identity):
    """Puts a roster with these keys into the folder."""
    member = Member(public_hex(identity.signing), public_node_text(identity.node))
    folder.root.mkdir(exist_ok=True)
    folder.roster.write_bytes(sign_roster("trial", new_identity(), {"kurume": member}))


def same(one, other):
    return public_hex(one.signing) == public_hex(other.signing) and public_node_text(one.node) == public_node_text(
        other.node
    )


def test_keys_come_back(folder):
    made = make_keys(folder.keys[0])
    assert same(load_keys(folder), made)
    assert load_keys(folder).earlier == ()
    assert public_hex(load_keys(folder).seed) == public_hex(made.signing)


def test_keys_are_their_owner_s_alone(folder):
    make_keys(folder.keys[0])
    for path in (identity_in(folder.keys[0]), node_in(folder.keys[0])):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_are_never_replaced(folder):
    make_keys(folder.keys[0])
    with pytest.raises(DataError, match="already exists and is not overwritten"):
        make_keys(folder.keys[0])


def test_renewed_keys_are_used_when_the_roster_holds_them(folder):
    first = make_keys(folder.keys[0])
    enters(folder, first)
    second = make_keys(folder.next_keys)
    assert same(load_keys(folder), first)
    enters(folder, second)
    found = load_keys(folder)
    assert same(found, second)
    assert [public_hex(key) for key in found.earlier] == [public_hex(first.signing)]
    assert public_hex(found.seed) == public_hex(first.signing)


def test_a_roster_elsewhere_decides_where_it_is_given(folder, tmp_path):
    first = make_keys(folder.keys[0])
    second = make_keys(folder.next_keys)
    enters(folder, second)
    other = SitePaths(tmp_path / "other")
    enters(other, first)
    assert same(load_keys(folder, other.roster), first)


def test_the_last_made_are_taken_where_no_roster_holds_any(folder):
    for keys in (folder.keys[0], folder.root / "keys" / "2"):
        make_keys(keys)
    last = make_keys(folder.next_keys)
    assert folder.next_keys.name == "4"
    assert same(load_keys(folder), last)
    assert len(load_keys(folder).earlier) == 2


def test_tenth_keys_come_after_the_ninth(folder):
    for _ in range(10):
        last = make_keys(folder.keys[0] if not folder.has_keys else folder.next_keys)
    assert [path.name for path in folder.keys] == ["keys", *map(str, range(2, 11))]
    assert same(load_keys(folder), last)


def test_a_renewal_that_was_killed_between_its_two_keys(folder):
    """The identity is written last: a node key alone is no generation, and does not stand in the way."""
    first = make_keys(folder.keys[0])
    half = folder.next_keys
    make_keys(half)
    os.remove(identity_in(half))
    assert same(load_keys(folder), first)
    assert folder.next_keys == half
    assert same(make_keys(half), load_keys(folder))


def test_locked_keys_open_with_their_passphrase_alone(folder, monkeypatch):
    made = make_keys(folder.keys[0], WORDS.encode())
    text = identity_in(folder.keys[0]).read_bytes()
    assert is_locked(identity_in(folder.keys[0]))
    assert is_locked(node_in(folder.keys[0]))
    with pytest.raises(TypeError):
        load_pem_private_key(text, password=None)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    assert same(load_keys(folder), made)
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS + "!")
    with pytest.raises(DataError, match=r"the passphrase does not open .*identity\.pem"):
        load_keys(folder)


def test_a_service_without_a_passphrase_is_told_what_to_set(folder, monkeypatch):
    make_keys(folder.keys[0], WORDS.encode())
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    with pytest.raises(DataError, match="a passphrase is needed, but there is no terminal to type it in") as error:
        load_keys(folder)
    assert "RISKSET_PASSPHRASE" in error.value.hint


def test_a_passphrase_is_typed_where_somebody_is_there(folder, monkeypatch):
    made = make_keys(folder.keys[0], WORDS.encode())
    asked = []
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)
    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr("typer.prompt", lambda words, **how: asked.append((words, how)) or WORDS)
    assert same(load_keys(folder), made)
    assert [how["hide_input"] for _, how in asked] == [True]
    assert new_passphrase() == WORDS.encode()
    assert len(asked) == 3
    typed = iter([WORDS, "a slip", WORDS, WORDS])
    monkeypatch.setattr("typer.prompt", lambda words, **how: next(typed))
    assert new_passphrase() == WORDS.encode()
    assert next(typed, None) is None


def test_keys_without_a_lock_need_none(folder, monkeypatch):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    made = make_keys(folder.keys[0])
    assert same(load_keys(folder), made)


def test_a_short_passphrase_is_refused(monkeypatch):
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "short")
    with pytest.raises(DataError, match="at least 12 characters"):
        new_passphrase()


def test_a_site_that_locks_its_keys_when_it_joins(tmp_path, monkeypatch, capsys):
    study = STUDY
    server, invite = str(tmp_path / "coordinator"), str(tmp_path / "a.invite.json")
    folder = SitePaths(tmp_path / "asan")
    assert main(["server", "init", server, "--host", "127.0.0.1"]) == 0
    assert main(["study", "invite", str(study), "asan", "--server", server, "--out", invite]) == 0
    join = ["site", "join", invite, "--into", str(folder.root), "--by-mail", "--passphrase"]
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "short")
    assert main(join) == 1
    assert not folder.has_keys
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    assert main(join) == 0
    assert is_locked(identity_in(folder.keys[0]))
    assert WORDS not in capsys.readouterr().out

    # renewed keys have the same lock
    request = str(folder.request("asan"))
    assert main(["study", "accept", "asan", request, "--server", server, "--compared"]) == 0
    again = str(tmp_path / "b.invite.json")
    assert main(["study", "invite", str(study), "asan", "--server", server, "--out", again]) == 0
    assert main(["site", "renew", again, "--into", str(folder.root), "--by-mail"]) == 0
    assert is_locked(identity_in(folder.keys[1]))
    assert load_keys(folder).earlier
