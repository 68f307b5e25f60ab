"""What an auditor types: a key, a vote, the desk."""

import os
import re
import signal
import stat
import subprocess
import sys

import httpx
import pytest
from tests.release.conftest import REASON
from tests.started import started

from riskset import cli
from riskset.cli import main
from riskset.desk.serving import bound
from riskset.passphrase import PASSPHRASE_VARIABLE
from riskset.secure.fingerprint_words import fingerprint_words
from riskset.secure.keys import is_locked, load_identity
from riskset_release.vote_folder import votes_in

WORDS = "several words that are easy to remember"


def test_a_key_is_its_owners_alone_and_is_never_replaced(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["audit", "key", "sato"]) == 0
    file = tmp_path / "sato.pem"
    words = fingerprint_words(load_identity(file).public_key())
    assert f"sato, your six words are: {words}" in capsys.readouterr().out
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert main(["audit", "key", "sato"]) == 1
    assert file.read_bytes() == before


def test_a_passphrase_locks_the_key(auditor, monkeypatch, capsys):
    locked = auditor.folder / "locked.pem"
    monkeypatch.setenv(PASSPHRASE_VARIABLE, WORDS)
    assert main(["audit", "key", "sato", "--passphrase", "--out", str(locked)]) == 0
    assert is_locked(locked)
    heard = re.search(r"six words are: ([a-z ]+)", capsys.readouterr().out)[1]
    auditor.trusted.write_text(auditor.trusted.read_text().replace(auditor.words("sato"), heard))
    assert auditor.signs(auditor.outputs[0].id, key=locked) == 0
    monkeypatch.setenv(PASSPHRASE_VARIABLE, "another of twelve letters")
    assert auditor.signs(auditor.outputs[0].id, key=locked) == 1
    said = capsys.readouterr().err
    assert "the passphrase does not open" in said
    assert "site" not in said  # the hint is an auditor's


@pytest.mark.parametrize("name", ["Sato", "../sato", "", "s" * 41, "-sato", "sato kim"])
def test_a_name_that_is_no_short_one_makes_no_key(tmp_path, monkeypatch, name, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["audit", "key", "--", name]) == 1
    assert "lower-case letters" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_vote_is_signed_without_the_desk_and_replaces_the_one_before(auditor, capsys):
    output = auditor.outputs[0]
    assert auditor.signs(output.id) == 0
    assert output.sha256 in capsys.readouterr().out
    assert auditor.signs(output.id, "change") == 0
    assert "It replaces your vote of" in capsys.readouterr().out
    first, second = votes_in(auditor.votes).votes
    assert (first.decision, second.decision, second.replaces) == ("reject", "change", first.id)
    assert second.is_of(output)


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"as": "kim"}, 1, "the key is not that of kim"),
        ({"as": "sata"}, 1, "did you mean 'sato'"),
        ({"key": "nowhere.pem"}, 1, "riskset audit key"),
        ({"requester": "sato"}, 3, "sato wrote or requested the analysis"),
        ({"requester": "sata"}, 1, "did you mean 'sato'"),
        ({"reason": "because"}, 1, "in 20 characters or more"),
        ({"output": "nothing"}, 1, "the run has no output 'nothing'"),
        ({"category": "mood"}, 2, "mood"),
    ],
    ids=str,
)
def test_what_cannot_be_signed_leaves_no_vote(auditor, changes, code, said, capsys):
    output = changes.pop("output", auditor.outputs[0].id)
    assert auditor.signs(output, **changes) == code
    assert said in capsys.readouterr().err
    assert not auditor.votes.exists()


def test_nothing_of_a_bundle_that_does_not_hold_is_accepted(auditor, capsys):
    lines = auditor.trusted.read_text().splitlines()
    words = next(line for line in lines if line.startswith("asan"))
    auditor.trusted.write_text(auditor.trusted.read_text().replace(words, f'asan = "{auditor.words("kim")}"'))
    assert auditor.signs(auditor.outputs[0].id, "exception") == 3
    assert "The records of the run do not hold" in capsys.readouterr().err
    assert not auditor.votes.exists()


def test_what_is_no_bundle_has_no_outputs(auditor, capsys):
    auditor.bundle = auditor.trusted
    assert auditor.reviews() == 1
    assert "nothing in this bundle can be released" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "desk.example", "localhost"])
def test_the_desk_is_for_this_machine_only(auditor, host, capsys):
    assert auditor.reviews(host=host) == 3
    assert "it has no TLS" in capsys.readouterr().err


def test_the_desk_is_for_the_owner_of_the_key_only(auditor, capsys):
    assert auditor.reviews(**{"as": "kim"}) == 1
    assert "the key is not that of kim" in capsys.readouterr().err


def test_a_port_that_is_taken_is_told(auditor, capsys):
    with bound(0) as other:
        assert auditor.reviews(port=other.getsockname()[1]) == 1
    assert "leave --port out" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_the_desk_serves_until_it_is_interrupted(auditor):
    command = [sys.executable, "-m", "riskset.cli", "audit", "review", str(auditor.bundle), *auditor.options()]
    with started(command, stderr=subprocess.PIPE, text=True) as desk:
        address = next(line.strip() for line in desk.stdout if line.startswith("http://127.0.0.1:"))
        base, secret = address.split("/start/")
        with httpx.Client(follow_redirects=True, headers={"origin": base.rpartition("/")[0]}) as browser:
            assert browser.get(address).status_code == 200
            queue = browser.post(f"{base}/start", data={"secret": secret})
            assert auditor.outputs[0].id in queue.text
            assert queue.headers["content-security-policy"].startswith("default-src 'none'")
            assert "server" not in queue.headers
            page = browser.get(f"{base}/outputs/{auditor.outputs[0].id}")
            fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
            typed = {"decision": "reject", "name": "K. Sato", "category": "other", "reason": REASON}
            signed = browser.post(str(page.url), data={**fields, **typed, "statement": "yes"})
            assert signed.status_code == 200
        desk.send_signal(signal.SIGINT)
        assert desk.wait(timeout=300) == 0
        assert desk.stderr.read() == ""
    (vote,) = votes_in(auditor.votes).votes
    assert (vote.name, vote.decision) == ("K. Sato", "reject")


def test_commands_of_releases_are_found_below_audit_and_misspelt_ones_are_told(capsys):
    assert main(["audit", "revieuw"]) == 2
    assert "did you mean 'review'" in capsys.readouterr().err
    assert main(["audit", "--help"]) == 0
    listed = capsys.readouterr().out
    assert all(f" {name} " in listed for name in ("key", "sign", "review", "verify", "replay", "diff", "compare"))


def test_a_missing_extra_is_named_by_all_words_of_the_command(monkeypatch, capsys, tmp_path):
    (tmp_path / "riskset_release_lacks.py").write_text("import a_package_nobody_has\n")
    monkeypatch.syspath_prepend(tmp_path)
    found = cli.entry_points
    lacks = cli.EntryPoint("review", "riskset_release_lacks:review", "riskset.audit")

    def entry_points(group):
        return [lacks] if group == "riskset.audit" else found(group=group)

    class Points(list):
        names = property(lambda self: {one.name for one in self})

    monkeypatch.setattr(cli, "entry_points", lambda group: Points(entry_points(group)))
    assert main(["audit", "review", "run.zip"]) == 1
    assert "'riskset audit review' needs a_package_nobody_has" in capsys.readouterr().err
