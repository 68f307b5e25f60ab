"""What ends within a month is told, whatever it is."""

from datetime import date, timedelta

import pytest

from riskset.joining.expiry import Expiry, expiry_lines, of_certificate, of_members, today_utc
from riskset.joining.request import Member
from riskset_server.certificates import make_authority
from riskset_server.coordinator_folder import CoordinatorFolder

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "ended on 2026-11-21"),
        (0, "ends on 2026-11-22, today"),
        (1, "ends on 2026-11-23, in one day"),
        (30, "ends on 2026-12-22, in 30 days"),
    ],
)
def test_the_words(days, words):
    lines = expiry_lines([Expiry("the invite", TODAY + timedelta(days), "ask again")], TODAY)
    assert lines == [f"warning: the invite {words}; ask again"]


def test_what_ends_later_than_in_a_month_is_not_told():
    assert expiry_lines([Expiry("the invite", TODAY + timedelta(31), "ask again")], TODAY) == []


def test_the_first_to_end_is_told_first():
    ends = [Expiry(name, TODAY + timedelta(days), "x") for name, days in (("b", 3), ("a", 20), ("c", -4))]
    assert [line.split()[1] for line in expiry_lines(ends, TODAY)] == ["c", "b", "a"]


def test_committees_that_were_told_and_those_that_were_not():
    members = {"asan": Member("", "", irb_until="2026-12-01"), "kurume": Member("", "")}
    (line,) = expiry_lines(of_members(members), TODAY)
    assert line.startswith("warning: the IRB approval of asan ends on 2026-12-01, in 9 days; ")


def test_a_certificate_ends_when_it_says():
    authority = of_certificate("the authority", make_authority("x").certificate.decode(), "")
    assert authority.until == today_utc() + timedelta(days=3650)


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
