"""The map: how the export is read, proposed as `riskset site map` proposes it, corrected in a form, and written."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import file_digest

from starlette.responses import Response

from riskset.catalogue import say
from riskset.errors import DataError, RisksetError
from riskset.joining.expiry import today_utc
from riskset.language import spoken
from riskset.study.load import load_study
from riskset.study.spec import Study
from riskset_site.desk.map_form import (
    answers_in,
    column_rows,
    exports_in,
    has_layout,
    has_more,
    layout_in,
    sheet_of,
    text_rows,
)
from riskset_site.desk.seat import Proposed, SiteSeat
from riskset_site.desk.site_desk import DeskPage, Visit
from riskset_site.mapping.acceptance import accepted, refuse_to_replace, write_site_file
from riskset_site.mapping.answers import Answers
from riskset_site.mapping.export_table import ExportFile
from riskset_site.mapping.own_site import own_site
from riskset_site.mapping.propose import propose


@dataclass(frozen=True)
class _Asked:
    """What a form asks for."""

    export: str
    given: Answers


async def _show(visit: Visit) -> Response:
    """Shows which exports there are; after a form that was not taken, the proposal that it was about."""
    seat = visit.seat
    study = await visit.work(lambda: load_study(seat.paths.study))
    if seat.proposed is not None and visit.form.text("shown"):
        return _form(visit, study, seat.proposed)
    folder = seat.paths.root
    return visit.page("map_start", exports=exports_in(folder), folder=folder.absolute())


async def _act(visit: Visit) -> Response:
    seat = visit.seat
    study = await visit.work(lambda: load_study(seat.paths.study))
    asked = await visit.work(lambda: _asked(visit, study))
    file = ExportFile(seat.paths.root / asked.export)  # a new one each time: the export may have been saved since
    is_written = visit.form.text("act") == "write"
    if is_written:
        await visit.work(lambda: _refuse_changed(seat, study, file))
    before = seat.proposed
    seat.proposed = shown = await visit.work(lambda: _proposed(seat, study, file, asked.given))
    if not is_written or before is None:
        return _form(visit, study, shown)
    if has_more(shown.proposal, before.proposal):
        raise DataError(say("site.desk.map.not_shown"), say("site.desk.map.changed_hint"))
    if not visit.form.is_ticked("replace"):
        refuse_to_replace(seat.site_file)
    whole = await visit.work(lambda: _accepted(seat, study, file, shown))
    write_site_file(seat.site_file, whole.proposal, spoken())
    seat.proposed = None
    still_open = [say("site.map.still_open", question=choice.question) for choice in whole.proposal.open]
    unread = [say("site.map.unread", variables=whole.proposal.unread)] if whole.proposal.unread else []
    return visit.done("/check", say("site.map.written", file=str(seat.site_file)), *still_open, *unread)


def _refuse_changed(seat: SiteSeat, study: Study, file: ExportFile) -> None:
    """Raises DataError, and keeps the new proposal to be shown, where the export is not the one that was shown: nobody
    has accepted what another one says."""
    before, seat.proposed = seat.proposed, None
    if before is None:
        raise DataError(say("site.desk.map.older"))
    seat.proposed = now = _proposed(seat, study, file, before.given)
    if (now.proposal, now.export) != (before.proposal, before.export):
        raise DataError(say("site.desk.map.changed"), say("site.desk.map.changed_hint"))
    seat.proposed = before


def _asked(visit: Visit, study: Study) -> _Asked:
    form, seat = visit.form, visit.seat
    export, layout = form.text("export"), layout_in(form)
    if export not in exports_in(seat.paths.root).names:
        raise DataError(say("site.desk.map.no_export"))
    if layout.site is None:
        layout = layout.model_copy(update={"site": _own_site(seat, study)})
    before = seat.proposed
    if not form.text("shown"):
        return _Asked(export, layout)
    if before is None or form.text("shown") != before.id:
        raise DataError(say("site.desk.map.older"))
    table = before.proposal.table
    if layout.sheet not in (None, sheet_of(table)):  # the rows of the names are those of another sheet
        layout = layout.model_copy(update={"header": None, "footer": None})
    if before.proposal.export != export or not has_layout(table, layout):
        return _Asked(export, layout)
    return _Asked(export, answers_in(form, layout, before.proposal, before.given, study))


def _own_site(seat: SiteSeat, study: Study) -> str | None:
    try:
        return own_site(None, study, seat.paths.root)
    except RisksetError:
        return None  # the form asks


def _proposed(seat: SiteSeat, study: Study, file: ExportFile, given: Answers) -> Proposed:
    proposal = propose(file, study, today_utc(), given, seat.paths.root)
    with file.path.open("rb") as data:
        return Proposed(proposal, given, file_digest(data, "sha256").hexdigest())


def _accepted(seat: SiteSeat, study: Study, file: ExportFile, shown: Proposed) -> Proposed:
    """Returns the proposal in which what is not sure, and was not corrected, is as it was shown."""
    if not shown.given.site:
        raise DataError(say("site.map.which_site"))
    given = accepted(shown.proposal, shown.given).model_copy(update={"accept": tuple(study.read_variables)})
    return _proposed(seat, study, file, given)


def _form(visit: Visit, study: Study, shown: Proposed) -> Response:
    proposal, given = shown.proposal, shown.given
    return visit.page(
        "map",
        shown=shown,
        proposal=proposal,
        sheet=sheet_of(proposal.table),
        sites=list(study.sites),
        columns=list(column_rows(proposal, study, given)),
        texts=list(text_rows(proposal, study, given)),
        exists=visit.seat.site_file.exists(),
    )


PAGES = (DeskPage("/map", _show, _act, needs_keys=False),)
