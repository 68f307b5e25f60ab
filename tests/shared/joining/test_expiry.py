"""Anything that expires within a month is reported."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from riskset.cli import main
from riskset.joining.expiry import Expiry, expiry_lines, of_certificate, of_members, today_utc
from riskset.joining.request import Member
from riskset_server.coordinator_folder import CoordinatorFolder
from riskset_server.joining import certificates
from riskset_server.joining.certificates import make_authority

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "expired on 2026-11-21"),
        (0, "expires on 2026-11-22, today"),
        (1, "expires on 2026-11-23, in 1 day"),
        (30, "expires on 2026-12-22, in 30 days"),
    ],
)
def test_the_words(days, words):
    lines = expiry_lines([Expiry("the invite", TODAY + timedelta(days), "ask again")], TODAY)
    assert lines == [f"warning: the invite {words}; ask again"]


def test_what_ends_later_than_in_a_month_is_not_reported():
    assert expiry_lines([Expiry("the invite", TODAY + timedelta(31), "ask again")], TODAY) == []


def test_the_first_to_end_is_reported_first():
    ends = [Expiry(name, TODAY + timedelta(days), "x") for name, days in (("b", 3), ("a", 20), ("c", -4))]
    assert [line.split()[1] for line in expiry_lines(ends, TODAY)] == ["c", "b", "a"]


def test_committees_that_were_stated_and_those_that_were_not():
    members = {"asan": Member("", "", irb_until="2026-12-01"), "kurume": Member("", "")}
    (line,) = expiry_lines(of_members(members), TODAY)
    assert line.startswith("warning: the IRB approval of asan expires on 2026-12-01, in 9 days; ")


def test_a_certificate_ends_when_it_says():
    authority = of_certificate("the authority", make_authority("x").certificate.decode(), "")
    assert authority.until == today_utc() + timedelta(days=3650)


STUDY = Path(__file__).parents[2] / "transcripts" / "coordinator" / "study.toml"


def test_every_command_that_reads_it_reports_it(tmp_path, monkeypatch, capsys):
    """A server's certificate of ten days, and a committee's approval of twenty."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(STUDY, tmp_path)
    certificate = "warning: the server's certificate expires on"
    committee = "warning: the IRB approval of asan expires on"

    def warned(*arguments):
        main(list(arguments))
        return [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning: ")]

    monkeypatch.setattr(certificates, "CERTIFICATE_LASTS", timedelta(days=10))
    assert warned("server", "init", "coordinator", "--host", "127.0.0.1") == []
    for site in ("asan", "kurume"):
        (line,) = warned("study", "invite", "study.toml", site)
        assert line.startswith(certificate)
        until = (today_utc() + timedelta(days=20)).isoformat() if site == "asan" else ""
        assert warned("site", "join", f"{site}.invite.json", "--into", site, "--by-mail", "--irb-until", until) == []
        accepted = warned("study", "accept", site, f"{site}/{site}.request.json", "--compared")
        assert [line.startswith(committee) for line in accepted] == ([True] if site == "asan" else [])
    first, second = warned("study", "roster", "study.toml")
    assert first.startswith(certificate)
    assert second.startswith(committee)
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert warned("server", "renew", "coordinator") == []


def test_a_renewed_certificate_is_under_the_same_authority(tmp_path):
    folder = CoordinatorFolder(tmp_path / "coordinator")
    folder.make("study.example.org", 8443, 8444)
    keys = folder.root / "keys"
    before = {name: (keys / name).read_bytes() for name in ("authority.pem", "server.pem", "server.key.pem")}
    renewed = folder.renew_server_certificate()
    assert renewed.until == today_utc() + timedelta(days=825)
    assert (keys / "authority.pem").read_bytes() == before["authority.pem"]
    assert (keys / "server.pem").read_bytes() != before["server.pem"]
    assert (keys / "server.key.pem").stat().st_mode & 0o777 == 0o600
    assert not list(keys.glob("*.new"))
