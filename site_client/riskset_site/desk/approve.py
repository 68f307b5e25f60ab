"""The form with which a person approves the study: the same terms as of `riskset site approve`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from starlette.responses import Response

from riskset.catalogue import Message, say
from riskset.desk.forms import Form
from riskset.disclosure.rules import LIMITS
from riskset.errors import DataError, Refused
from riskset.joining.expiry import today_utc
from riskset.language import spoken
from riskset.ledger.durable import utc_now
from riskset_site.consent.signed_facts import DataFacts, covered_hash, data_facts
from riskset_site.consent.signing import sign, signed_lines
from riskset_site.consent.terms import Terms, seen_by_others, stated_when_a_run_opens, subtraction, told_alone
from riskset_site.desk.site_desk import DeskPage, Visit
from riskset_site.pages.page import PageTable
from riskset_site.site_status import consent_and_entries
from riskset_site.study_folder import StudyFolder, load_study_folder

_EXCEPTIONS = range(1, 6)
"""Rows for exceptions in the form."""
_COMPARED = "compared-"
_TICKS = ("statement", "may_be_subtracted", "may_be_told_alone")
"""Boxes of the form, besides one for each other site."""


@dataclass(frozen=True)
class Other:
    """Another site, whose words a person compares by telephone."""

    site: str
    words: str
    called: Message
    """Its name, and where it can be called."""


async def _show(visit: Visit) -> Response:
    folder = await visit.work(lambda: load_study_folder(visit.seat.site_file))
    consent, _ = await visit.work(lambda: consent_and_entries(visit.seat.site_file))
    own = folder.roster.members[folder.site]
    seen, data, reviewed = covered_hash(folder), data_facts(folder), visit.seat.reviewed
    return _with_ticks_of(visit, seen).page(
        "approve",
        folder=folder,
        seen=seen,
        facts=_facts(folder),
        data=_data(data, reviewed),
        review=_compared_with_review(data, reviewed),
        is_other=reviewed not in (None, data),
        own_limits={name: str(value) for name, value in folder.site_file.limits.items()},
        own=own,
        others=[_other(folder, site) for site in folder.others],
        is_withdrawn=consent.is_withdrawn,
        accepts=(*seen_by_others(folder), stated_when_a_run_opens()),
        subtraction=subtraction(folder),
        told_alone=told_alone(folder),
        limits=list(LIMITS),
        rows=_EXCEPTIONS,
    )


def _with_ticks_of(visit: Visit, seen: str) -> Visit:
    """Returns the visit with the boxes that were ticked only where they were ticked beside what the page now shows: a
    tick confirms the words next to it, and nobody has read those that took their place."""
    if visit.form.text("seen") == seen:
        return visit
    typed = {name: value for name, value in visit.form.fields.items() if name not in _TICKS}
    kept = {name: value for name, value in typed.items() if not name.startswith(_COMPARED)}
    return replace(visit, form=Form(kept, visit.form.files))


def _data(data: DataFacts, reviewed: DataFacts | None) -> PageTable:
    """Returns the facts of the data that are signed for, beside those that were reviewed where they differ."""
    columns = [say("site.desk.data.fact"), say("site.desk.data.signed")]
    if reviewed is None or reviewed == data:
        return PageTable(columns, list(data.as_rows().items()), frozenset(columns[1:]))
    columns.append(say("site.desk.data.reviewed"))
    before = reviewed.as_rows()
    rows = [(name, fact, before.get(name, "")) for name, fact in data.as_rows().items()]
    return PageTable(columns, rows, frozenset(columns[1:]))


def _compared_with_review(data: DataFacts, reviewed: DataFacts | None) -> Message:
    if reviewed is None:
        return say("site.desk.data.not_reviewed")
    return say("site.desk.data.as_reviewed") if reviewed == data else say("site.desk.data.other")


def _facts(folder: StudyFolder) -> dict[Message, str]:
    """Returns what is approved: the study and the roster, with the hashes that the review shows."""
    study = folder.study
    return {
        say("site.review.fact.study"): f"{study.title_in(spoken())} ({study.id} {study.version})",
        say("site.review.fact.study_sha256"): folder.study_hash,
        say("site.review.fact.roster_sha256"): folder.roster.sha256,
    }


def _other(folder: StudyFolder, site: str) -> Other:
    telephone = folder.roster.members[site].telephone or say("site.join.not_given")
    called = say("site.desk.called", name=folder.study.sites[site].name, site=site, telephone=telephone)
    return Other(site, folder.roster.fingerprint(site), called)


async def _act(visit: Visit) -> Response:
    form, seat = visit.form, visit.seat
    seat.by = form.line("by")
    if not form.is_ticked("statement"):
        raise DataError(say("site.desk.no_statement"))
    if seat.has_passphrase:
        await visit.work(lambda: seat.check(form.text("passphrase")))
    lines = await visit.work(lambda: _approved(visit))
    return visit.done("/", *lines)


def _approved(visit: Visit) -> list[str]:
    folder = load_study_folder(visit.seat.site_file)
    if visit.form.text("seen") != covered_hash(folder):
        raise Refused("approval", say("site.desk.changed"), say("site.desk.changed_hint"))
    return list(signed_lines(folder, sign(folder, _terms(visit.form, folder), today_utc(), utc_now())))


def _terms(form: Form, folder: StudyFolder) -> Terms:
    exceptions = [(f"{form.text(f'limit{n}')}={form.line(f'value{n}')}", form.line(f"reason{n}")) for n in _EXCEPTIONS]
    stated = [(limit, reason) for limit, reason in exceptions if limit != "=" or reason]
    return Terms(
        by=form.line("by"),
        irb=form.line("irb"),
        until=_day(form.line("until")),
        exceptions=[limit for limit, _ in stated],
        reasons=[reason for _, reason in stated],
        compared=[site for site in folder.others if _is_compared(form, folder, site)],
        vouched=form.files,
        voucher=form.line("voucher"),
        may_be_subtracted=form.is_ticked("may_be_subtracted"),
        may_be_told_alone=form.is_ticked("may_be_told_alone"),
        after_withdrawal=form.line("after_withdrawal"),
    )


def _is_compared(form: Form, folder: StudyFolder, site: str) -> bool:
    """Whether a site's words were ticked. Refused where the box was ticked beside other words."""
    ticked = form.text(f"{_COMPARED}{site}")
    if ticked not in ("", folder.roster.fingerprint(site)):
        raise Refused("approval", say("site.desk.other_words", site=site), say("site.desk.changed_hint"))
    return bool(ticked)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise DataError(say("site.terms.not_a_day", found=text)) from None


PAGES = (DeskPage("/approve", _show, _act),)
