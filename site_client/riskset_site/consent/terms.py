"""From what a person says at `riskset site approve` to the approval that is signed, or why it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from riskset import __version__
from riskset.disclosure.policy import default_policy, loosened, parse_exception, tightened
from riskset.disclosure.rules import Column
from riskset.errors import DataError, Refused
from riskset.protocol.approval import Approval, ExceptionSigned, commitment
from riskset.study.asked import installed
from riskset_site.consent.vouching import known_others, vouched_for
from riskset_site.pages.page import visible
from riskset_site.study_folder import StudyFolder


@dataclass(frozen=True)
class Terms:
    """What the person says who signs."""

    by: str
    irb: str
    until: date
    exceptions: Sequence[str] = ()
    """Each as RULE=VALUE."""
    reasons: Sequence[str] = ()
    """One for each exception, in the same order."""
    compared: Sequence[str] = ()
    vouched: Sequence[bytes] = field(default=(), repr=False)
    """Files of parties that vouch for others' keys."""
    voucher: str = ""
    """Six words heard from a party that vouches and is no site of the roster."""
    may_be_subtracted: bool = False


def draft(folder: StudyFolder, terms: Terms, today: date, signed_at: str) -> Approval:
    """Returns the approval to sign.

    Raises DataError where what is said is wrong, Refused where the answer is no: too few keys compared.
    """
    _check_words(terms)
    _check_days(folder, terms, today)
    exceptions = _exceptions(terms)
    columns: list[Column] = [folder.column, "local"] if terms.may_be_subtracted else [folder.column]
    for exception in exceptions:
        _check_exception(exception, folder, columns)
    compared = _compared(folder, terms)
    return Approval(
        site=folder.site,
        study=folder.study_hash,
        roster=folder.roster.sha256,
        policy={**folder.site_file.limits, **{one.limit: one.value for one in exceptions}},
        exceptions=exceptions,
        snapshot=commitment(folder.snapshot, signed_at),
        code=__version__,
        methods=installed(),
        by=terms.by.strip(),
        irb=terms.irb.strip(),
        until=terms.until,
        signed_at=signed_at,
        compared=compared,
        may_be_subtracted=terms.may_be_subtracted,
    )


def seen_by_others(folder: StudyFolder) -> list[str]:
    """Returns, in sentences, who can read what of this site under this study: what the signature accepts."""
    if folder.study.disclosure.secure_sum == "off":
        return [
            "The secure sum is off: the coordinator and every other site "
            f"({_named(folder, folder.others)}) see this site's own sums, not only totals."
        ]
    if folder.column == "local":
        other = _named(folder, folder.others) or "nobody else"
        return [
            f"This roster has two sites. The other, {other}, can subtract its own part from every total and so reads "
            "this site's own sums: every count and every sum that leaves. The secure sum hides nothing between two.",
            "The coordinator sees totals only, unless the other site helps it.",
        ]
    return [
        "The coordinator and the other sites see totals over all contributing sites. To read this site's own sums, all "
        "the other contributors of an analysis would have to put theirs together.",
        "The totals themselves, small counts among them, are seen by coordinator, sites and auditor.",
    ]


def subtraction(folder: StudyFolder) -> str:
    """What `--may-be-subtracted` accepts."""
    return (
        f"{folder.site} may be subtracted: runs with and without it may be compared, and their difference is its own "
        "sums. Such runs are judged by the stricter limits for two sites."
    )


def _check_words(terms: Terms) -> None:
    for name, text in (("--by", terms.by), ("--irb", terms.irb)):
        if not text.strip() or not text.isprintable():
            raise DataError(f"{name} is empty or holds signs that cannot be printed", "it is what the committee reads")
    if len(terms.exceptions) != len(terms.reasons):
        found = f"{len(terms.exceptions)} exceptions and {len(terms.reasons)} reasons"
        raise DataError(f"found {found}", "give a --reason after each --exception, in the same order")


def _check_days(folder: StudyFolder, terms: Terms, today: date) -> None:
    if terms.until < today:
        raise DataError(
            f"--until {terms.until} is over", f"today (UTC) is {today}; give the last day on which it holds"
        )
    member = folder.roster.members[folder.site]
    if member.irb and member.irb != terms.irb.strip():
        hint = "give the one of the roster, or renew it first: riskset site renew"
        raise DataError(f"the roster tells the others IRB {member.irb}, --irb is {terms.irb}", hint)
    if member.irb_until and date.fromisoformat(member.irb_until) < terms.until:
        message = f"--until {terms.until} is later than the IRB approval, which ends on {member.irb_until}"
        raise DataError(message, "give an earlier day, or renew the IRB approval first: riskset site renew")


def _exceptions(terms: Terms) -> tuple[ExceptionSigned, ...]:
    found = []
    for text, reason in zip(terms.exceptions, terms.reasons, strict=True):
        limit, value = parse_exception(text, reason)
        found.append(ExceptionSigned(limit, value, reason.strip()))
    limits = [one.limit for one in found]
    if twice := {limit for limit in limits if limits.count(limit) > 1}:
        raise DataError(f"two exceptions are to {', '.join(sorted(twice))}", "one limit has one value")
    return tuple(found)


def _check_exception(exception: ExceptionSigned, folder: StudyFolder, columns: Sequence[Column]) -> None:
    """Raises DataError where it is past the floor, or none, in each of the columns that this site is held to."""
    wrong: list[DataError] = []
    for column in columns:
        try:
            policy = tightened(default_policy(column, folder.study.disclosure.min_cell), folder.site_file.limits)
            loosened(policy, {exception.limit: exception.value})
        except DataError as error:
            wrong.append(error)
    if len(wrong) == len(columns):
        raise wrong[0]


def _compared(folder: StudyFolder, terms: Terms) -> tuple[str, ...]:
    heard = known_others(terms.compared, folder.site, folder.roster)
    vouched = {site for data in terms.vouched for site in vouched_for(data, folder.roster, heard, terms.voucher)}
    compared = tuple(site for site in folder.others if site in heard or site in vouched)
    missing = [site for site in folder.others if site not in compared]
    if folder.column == "local" and missing:
        raise Refused("approval", " ".join(seen_by_others(folder)), " ".join(_to_compare(folder, missing)))
    return compared


def _to_compare(folder: StudyFolder, missing: Sequence[str]) -> Iterator[str]:
    yield "to accept this, telephone and compare the words, then add"
    for site in missing:
        yield f"--compared {site} ({folder.roster.fingerprint(site)})"


def _named(folder: StudyFolder, sites: Sequence[str]) -> str:
    return ", ".join(visible(f"{folder.study.sites[site].name} ({site})") for site in sites)
