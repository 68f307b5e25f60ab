"""The terms that a person states at `riskset site approve`, and the approval drafted from them, or why it cannot be
signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from riskset import __version__
from riskset.catalogue import Message, say
from riskset.disclosure.policy import default_policy, loosened, parse_exception, tightened
from riskset.disclosure.rules import RuleColumn
from riskset.errors import DataError, Refused
from riskset.protocol.approval import Approval, ExceptionSigned, commitment
from riskset.study.asked import installed
from riskset.visible_text import visible
from riskset_site.consent.vouching import known_others, vouched_for
from riskset_site.study_folder import StudyFolder


@dataclass(frozen=True)
class Terms:
    """What the person who signs has stated."""

    by: str
    irb: str
    until: date
    exceptions: Sequence[str] = ()
    """Each as RULE=VALUE."""
    reasons: Sequence[str] = ()
    """One for each exception, in the same order."""
    compared: Sequence[str] = ()
    """Sites whose words were compared by telephone."""
    vouched: Sequence[bytes] = field(default=(), repr=False)
    """Files of parties that vouch for others' keys."""
    voucher: str = ""
    """Six words heard from a party that vouches but is not a site of the roster."""
    may_be_subtracted: bool = False
    may_be_told_alone: bool = False
    after_withdrawal: str = ""
    """Why the site takes part again, where it has withdrawn."""


def draft(folder: StudyFolder, terms: Terms, today: date, signed_at: str) -> Approval:
    """Returns the approval to sign.

    Raises DataError where the terms are invalid, Refused where others could read this site's own sums and not all of
    their keys have been compared.
    """
    _check_text(terms)
    _check_dates(folder, terms, today)
    exceptions = _exceptions(terms)
    is_local_too = terms.may_be_subtracted or terms.may_be_told_alone
    columns: list[RuleColumn] = [folder.column, "local"] if is_local_too else [folder.column]
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
        may_be_told_alone=terms.may_be_told_alone,
    )


def seen_by_others(folder: StudyFolder) -> list[Message]:
    """Returns, in sentences, who can see what of this site under this study: the signature accepts it."""
    others = tuple(_named(folder, site) for site in folder.others)
    if folder.study.disclosure.secure_sum == "off":
        return [say("site.seen.clear", others=others)]
    if folder.column == "local":
        return [say("site.seen.two", other=others), say("site.seen.two_coordinator"), say("site.seen.stated")]
    return [say("site.seen.masked"), say("site.seen.totals"), say("site.seen.stated")]


def stated_when_a_run_opens() -> Message:
    """Returns, in a sentence, what this site states to all parties before any number of a run."""
    return say("site.seen.opening")


def subtraction(folder: StudyFolder) -> Message:
    """Returns what `--may-be-subtracted` accepts, in a sentence."""
    return say("site.seen.may_be_subtracted", site=folder.site)


def told_alone(folder: StudyFolder) -> Message:
    """Returns what `--may-be-told-alone` accepts, in a sentence."""
    return say("site.seen.may_be_told_alone", site=folder.site)


def _check_text(terms: Terms) -> None:
    again = [("--after-withdrawal", terms.after_withdrawal)] if terms.after_withdrawal else []
    for option, text in (("--by", terms.by), ("--irb", terms.irb), *again):
        if not text.strip() or not text.isprintable():
            raise DataError(say("site.terms.not_printable", option=option), say("site.terms.not_printable_hint"))
    exceptions, reasons = len(terms.exceptions), len(terms.reasons)
    if exceptions != reasons:
        message = say("site.terms.reasons", exceptions=exceptions, reasons=reasons)
        raise DataError(message, say("site.terms.reasons_hint"))


def _check_dates(folder: StudyFolder, terms: Terms, today: date) -> None:
    until = terms.until.isoformat()
    if terms.until < today:
        hint = say("site.terms.in_the_past_hint", today=today.isoformat())
        raise DataError(say("site.terms.in_the_past", until=until), hint)
    member = folder.roster.members[folder.site]
    if member.irb and member.irb != terms.irb.strip():
        message = say("site.terms.other_irb", found=member.irb, irb=terms.irb)
        raise DataError(message, say("site.terms.other_irb_hint"))
    if member.irb_until and date.fromisoformat(member.irb_until) < terms.until:
        message = say("site.terms.after_irb", until=until, irb_until=member.irb_until)
        raise DataError(message, say("site.terms.after_irb_hint"))


def _exceptions(terms: Terms) -> tuple[ExceptionSigned, ...]:
    found = []
    for text, reason in zip(terms.exceptions, terms.reasons, strict=True):
        limit, value = parse_exception(text, reason)
        found.append(ExceptionSigned(limit, value, reason.strip()))
    limits = [one.limit for one in found]
    if repeated := tuple(sorted({limit for limit in limits if limits.count(limit) > 1})):
        raise DataError(say("site.terms.repeated_limit", limits=repeated), say("site.terms.repeated_limit_hint"))
    return tuple(found)


def _check_exception(exception: ExceptionSigned, folder: StudyFolder, columns: Sequence[RuleColumn]) -> None:
    """Raises DataError where each of the columns that apply to this site rejects it: past the floor, or no looser."""
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
    missing = tuple(site for site in folder.others if site not in compared)
    if folder.column == "local" and missing:
        seen = tuple(seen_by_others(folder))
        options = " ".join(f"--compared {site} ({folder.roster.fingerprint(site)})" for site in missing)
        message = say("site.terms.not_compared", seen=seen, missing=missing)
        raise Refused("approval", message, say("site.terms.not_compared_hint", options=options))
    return compared


def _named(folder: StudyFolder, site: str) -> str:
    return visible(say("site.seen.named", name=folder.study.sites[site].name, site=site))
