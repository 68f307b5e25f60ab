"""A site joins at its desk, as by the command."""

import re
from html import unescape
from pathlib import Path

import pytest
from tests.site_client.desk.conftest import ADDRESS, PORT, Client, DataManager
from tests.site_client.test_join_commands import WORDS, Kurume

from riskset.catalogue import say
from riskset_site.desk.app import desk_of


@pytest.fixture
def kurume(tmp_path, capsys):
    made = Kurume(tmp_path, capsys)
    assert made.is_invited() == 0
    made.paths.root.mkdir()
    return made


@pytest.fixture
def desk(kurume):
    app = desk_of(kurume.paths.root / "site.toml", PORT)
    person = DataManager(app, Client(app.asgi(), ADDRESS))
    person.opens()
    return person


def joins(desk, invite, **typed):
    files = [("file", ("kurume.invite.json", Path(invite).read_bytes(), "application/json"))]
    return desk.sends("/join", files=files, **{"by_mail": "yes", **typed})


def test_the_form_makes_the_keys_and_shows_the_words(desk, kurume):
    page = joins(desk, kurume.invite, telephone="+81 942 35 3311", irb="2026-012", irb_until="2099-12-31")
    assert page.status_code == 200
    member = kurume.request.member
    assert (member.telephone, member.irb, member.irb_until) == ("+81 942 35 3311", "2026-012", "2099-12-31")
    assert kurume.locks == [False, False]
    assert kurume.joins() == 0  # the command, after it, finds everything done and says the same words
    words = re.search(r"half of these words to the other:\s*(.*)", kurume.said)[1].strip()
    assert words in unescape(page.text)


def test_a_passphrase_that_is_typed_twice_locks_the_keys(desk, kurume):
    assert say("site.desk.not_same") in unescape(joins(desk, kurume.invite, new_passphrase=WORDS, again="x").text)
    assert joins(desk, kurume.invite, new_passphrase="short", again="short").status_code == 422
    assert not kurume.paths.has_keys
    assert joins(desk, kurume.invite, new_passphrase=WORDS, again=WORDS).status_code == 200
    assert kurume.locks == [True, True]
    assert not desk.app.seat.is_shut


def test_what_cannot_be_joined_is_said(desk, kurume):
    assert say("site.desk.no_invite") in desk.sends("/join").text
    answer = joins(desk, kurume.study)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert joins(desk, kurume.invite, irb_until="2001-01-01").status_code == 422
    assert not kurume.paths.has_keys
