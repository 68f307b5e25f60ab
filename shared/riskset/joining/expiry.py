"""What expires, and when: every command that reads it warns a month ahead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from cryptography import x509

from riskset.catalogue import Message, say
from riskset.joining.request import Member

NOTICE_DAYS: Final = 30
"""A committee meets once a month."""


@dataclass(frozen=True)
class Expiry:
    """One thing that expires."""

    what: Message
    until: date
    """The last day (UTC) on which it is valid."""
    remedy: Message


def today_utc() -> date:
    return datetime.now(UTC).date()


def expiry_lines(expiries: Iterable[Expiry], today: date) -> list[Message]:
    """Returns one warning for each that has expired or expires within 30 days, in the order of their dates."""
    return [say("joining.expiry.warning", said=said) for said in what_expires(expiries, today)]


def what_expires(expiries: Iterable[Expiry], today: date) -> list[Message]:
    """Returns the same for a page, where no line begins with `warning:`."""
    soon = [expiry for expiry in expiries if (expiry.until - today).days <= NOTICE_DAYS]
    return [_said(expiry, today) for expiry in sorted(soon, key=lambda expiry: (expiry.until, expiry.what))]


def of_certificate(what: Message, pem: str, remedy: Message) -> Expiry:
    """Returns when a certificate expires. ValueError where the text is not a certificate."""
    until = x509.load_pem_x509_certificate(pem.encode("ascii")).not_valid_after_utc.date()
    return Expiry(what, until, remedy)


def of_members(members: Mapping[str, Member]) -> list[Expiry]:
    """Returns when the sites' IRB approvals expire, as far as the sites stated it."""
    return [
        Expiry(
            say("joining.expiry.irb", site=site),
            date.fromisoformat(member.irb_until),
            say("joining.expiry.irb_remedy", site=site),
        )
        for site, member in members.items()
        if member.irb_until
    ]


def _said(expiry: Expiry, today: date) -> Message:
    days = (expiry.until - today).days
    values = {"what": expiry.what, "until": expiry.until.isoformat(), "remedy": expiry.remedy}
    if days < 0:
        return say("joining.expiry.ended", **values)
    if days == 0:
        return say("joining.expiry.today", **values)
    return say("joining.expiry.soon", n=days, **values)
