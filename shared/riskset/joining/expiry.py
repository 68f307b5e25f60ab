"""What ends, and when: told a month ahead, by every command that reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from cryptography import x509

from riskset.joining.request import Member

NOTICE_DAYS: Final = 30
"""A committee meets once a month."""


@dataclass(frozen=True)
class Expiry:
    """One thing that ends."""

    what: str
    until: date
    """The last day (UTC) on which it holds."""
    remedy: str


def today_utc() -> date:
    return datetime.now(UTC).date()


def expiry_lines(expiries: Iterable[Expiry], today: date) -> list[str]:
    """Returns a line for each that has ended or ends within 30 days, the first to end first."""
    soon = [expiry for expiry in expiries if (expiry.until - today).days <= NOTICE_DAYS]
    return [_line(expiry, today) for expiry in sorted(soon, key=lambda expiry: (expiry.until, expiry.what))]


def of_certificate(what: str, pem: str, remedy: str) -> Expiry:
    """ValueError where the text is no certificate."""
    until = x509.load_pem_x509_certificate(pem.encode("ascii")).not_valid_after_utc.date()
    return Expiry(what, until, remedy)


def of_members(members: Mapping[str, Member]) -> list[Expiry]:
    """Returns the ends of the sites' IRB approvals, as far as they were told."""
    return [
        Expiry(
            f"the IRB approval of {site}",
            date.fromisoformat(member.irb_until),
            f"invite {site} again, who tells the new date with: riskset site renew",
        )
        for site, member in members.items()
        if member.irb_until
    ]


def _line(expiry: Expiry, today: date) -> str:
    days = (expiry.until - today).days
    when = "in one day" if days == 1 else f"in {days} days" if days else "today"
    end = f"ended on {expiry.until}" if days < 0 else f"ends on {expiry.until}, {when}"
    return f"warning: {expiry.what} {end}; {expiry.remedy}"
