"""What is typed: the desk over TLS from the command line, the answer to its challenge, and a vote on what it showed."""

import os
import re
import signal
import ssl
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest
from tests.release.conftest import REASON
from tests.release.served.certificate import self_signed
from tests.release.served.conftest import asked_by, command_in
from tests.started import started

from riskset.cli import main
from riskset.errors import DataError
from riskset_release.desk.tls import tls_of
from riskset_release.logins import Challenge, address_of, read_challenge, read_login
from riskset_release.vote_folder import votes_in

ASKED = Challenge("review.example.org:8443", "1" * 64, "2" * 64, "1000", "3" * 64)


@pytest.fixture(scope="session")
def certified(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("certificate"))


def serves(auditor, certificate, key, **changes):
    given = {"keys": auditor.trusted, "votes": auditor.votes, "name": "127.0.0.1", "port": 0, **changes}
    given |= {"certificate": certificate, "certificate-key": key}
    return [str(word) for name, value in given.items() for word in (f"--{name}", value)]


@contextmanager
def served(auditor, certified):
    """Starts the desk as a process of its own; gives its address, and ends that process alone."""
    command = [sys.executable, "-m", "riskset.cli", "audit", "serve", str(auditor.bundle), *serves(auditor, *certified)]
    with started(command, stderr=subprocess.PIPE, text=True) as desk:
        try:
            yield next(line.strip() for line in desk.stdout if line.startswith("https://"))
        finally:
            desk.send_signal(signal.SIGINT)
            assert desk.wait(timeout=300) == 0
            assert desk.stderr.read() == ""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_from_the_challenge_to_an_uploaded_vote_over_tls(auditor, certified, capsys):
    trust = ssl.create_default_context(cafile=certified[0])
    output = auditor.outputs[0]
    with served(auditor, certified) as url, httpx.Client(verify=trust, base_url=url, follow_redirects=True) as browser:
        browser.headers["origin"] = url.rstrip("/")
        page = browser.get("/")
        assert "server" not in page.headers
        options = ["--keys", str(auditor.trusted), "--as", "sato", "--key", str(auditor.key)]
        capsys.readouterr()
        assert main(["audit", "login", asked_by(page.text), "--desk", url, *options]) == 0
        printed = capsys.readouterr()
        assert output.id in browser.post("/login", data={"answer": printed.out}).text
        assert read_challenge(asked_by(page.text)).bundle in printed.err
        form = browser.get(f"/outputs/{output.id}").text.partition("<main")[2]
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        typed = {"decision": "reject", "name": "K. Sato", "category": "other", "reason": REASON}
        shown = browser.post(f"/outputs/{output.id}", data={**fields, **typed}).text
        sha256 = command_in(shown).partition("--sha256 ")[2].split()[0]
        own = auditor.folder / "own votes"
        assert auditor.signs(output.id, votes=own, sha256=sha256) == 0
        (file,) = own.iterdir()
        csrf = re.search(r'name="csrf" value="([^"]*)"', shown)[1]
        taken = browser.post("/votes", data={"csrf": csrf}, files={"file": (file.name, file.read_bytes())})
        assert file.name in taken.text
    (vote,) = votes_in(auditor.votes).votes
    assert (vote.name, vote.decision) == ("K. Sato", "reject")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_the_desk_speaks_neither_plain_http_nor_tls_before_1_2(auditor, certified):
    with served(auditor, certified) as url:
        with pytest.raises(httpx.TransportError):
            httpx.get(url.replace("https", "http"))
        old = ssl.create_default_context(cafile=certified[0])
        old.set_ciphers("DEFAULT:@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(httpx.ConnectError):
            httpx.get(url, verify=old)
        assert httpx.get(url, verify=ssl.create_default_context(cafile=certified[0])).status_code == 303


@pytest.mark.skipif(os.name == "nt", reason="modes do nothing on Windows")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_certificates_key_that_others_can_read_is_refused(auditor, certified, tmp_path, mode, capsys):
    key = tmp_path / "open.pem"
    key.write_bytes(certified[1].read_bytes())
    key.chmod(mode)
    assert main(["audit", "serve", str(auditor.bundle), *serves(auditor, certified[0], key)]) == 1
    assert "chmod 600" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"certificate": "key"}, "are not a certificate and its private key"),
        ({"key": "nowhere.pem"}, "there is no file"),
        ({"name": "review example"}, "is not the address of a desk"),
        ({"name": "review.example.org"}, "is not a certificate for review.example.org"),
        ({"requester": "sata"}, "did you mean 'sato'"),
    ],
    ids=str,
)
def test_a_desk_that_cannot_be_served_is_told(auditor, certified, changes, said, capsys):
    key = changes.pop("key", certified[1])
    certificate = certified[1] if changes.pop("certificate", "") else certified[0]
    assert main(["audit", "serve", str(auditor.bundle), *serves(auditor, certificate, key, **changes)]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("first", "last"), [(-9, -2), (2, 9)])
def test_a_certificate_that_is_not_in_force_is_refused(tmp_path, first, last):
    with pytest.raises(DataError, match="is not in force"):
        tls_of(*self_signed(tmp_path, first=first, last=last), "localhost")


def test_a_certificate_may_be_for_all_names_of_a_domain(tmp_path):
    files = self_signed(tmp_path, names=["*.example.org"])
    tls_of(*files, "review.example.org")
    for other in ("example.org", "a.review.example.org", "review.example.com", "org"):
        with pytest.raises(DataError, match="is not a certificate for"):
            tls_of(*files, other)


def logs_in(auditor, asked=ASKED.text, **changes):
    given = {"desk": ASKED.desk, "keys": auditor.trusted, "as": "sato", "key": auditor.key, **changes}
    return main(["audit", "login", asked, *[str(word) for name, of in given.items() for word in (f"--{name}", of)]])


def test_the_answer_names_what_is_signed_and_is_for_one_desk(auditor, capsys):
    file = auditor.folder / "login.json"
    assert logs_in(auditor, out=file) == 0
    told = capsys.readouterr()
    assert told.out == ""
    assert all(word in told.err for word in (ASKED.desk, ASKED.study, ASKED.bundle))
    assert read_login(file.read_bytes()).challenge == ASKED


@pytest.mark.parametrize(
    "typed", ["https://review.example.org:8443/login", "REVIEW.example.org:8443", " review.example.org:8443 "]
)
def test_an_address_is_taken_as_a_browser_shows_it(auditor, typed):
    assert logs_in(auditor, desk=typed) == 0


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"desk": "evil.example:8443"}, 3, "the challenge is of review.example.org:8443, and your browser shows evil"),
        ({"desk": "review.example.org"}, 3, "nothing was signed"),
        ({"desk": "http://review.example.org:8443"}, 1, "is not the address of a desk"),
        ({"desk": "https://[x"}, 1, "is not the address of a desk"),
        ({"asked": "x"}, 1, "not a challenge"),
        ({"asked": ASKED.text[:-4]}, 1, "not a challenge"),
        ({"asked": ASKED.text + "A"}, 1, "not a challenge"),
        ({"as": "kim"}, 1, "the key is not that of kim"),
        ({"as": "coordinator"}, 1, "the key is not that of coordinator"),
        ({"as": "sata"}, 1, "did you mean 'sato'"),
    ],
    ids=str,
)
def test_what_is_not_signed(auditor, changes, code, said, capsys):
    out = auditor.folder / "login.json"
    assert logs_in(auditor, **{"out": out, **changes}) == code
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_the_usual_port_is_left_out_of_an_address_as_browsers_do():
    assert address_of("https://review.example.org:443/") == address_of("review.example.org") == "review.example.org"


def test_other_bytes_than_a_desk_showed_are_not_signed(auditor, capsys):
    output = auditor.outputs[0]
    assert auditor.signs(output.id, sha256="0" * 64) == 3
    told = capsys.readouterr().err
    assert "0" * 64 in told
    assert output.sha256 in told
    assert not auditor.votes.exists()
    assert auditor.signs(output.id, sha256=output.sha256) == 0
