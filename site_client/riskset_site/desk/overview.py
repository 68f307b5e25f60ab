"""The first page: where the site stands, and what to do next, as `riskset site status` says it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.responses import Response

from riskset.catalogue import NOTHING, Message, say
from riskset_site.desk.site_desk import DeskPage, Visit
from riskset_site.network.folder_watch import process_of
from riskset_site.site_status import SiteStatus, site_status, status_page


@dataclass(frozen=True)
class NextStep:
    """What to do next, and the page on which it is done; an empty path where it is done elsewhere, or nothing is."""

    text: Message
    path: str = ""


async def _show(visit: Visit) -> Response:
    if not visit.seat.site_file.exists():
        return visit.page("overview", page=None, step=NextStep(say("site.desk.step.map"), "/map"))
    found = await visit.work(lambda: site_status(visit.seat.site_file))
    is_running = process_of(visit.seat.paths.lock) is not None
    page = status_page(replace(found, next=NOTHING))  # its words are those of the command line
    return visit.page("overview", page=page, step=next_step(found, is_running=is_running))


def next_step(found: SiteStatus, *, is_running: bool) -> NextStep:
    """Returns what to do next at a site that stands so; `is_running`: the program that answers."""
    if not found.has_joined:
        return NextStep(say("site.desk.step.join"), "/join")
    if found.is_approved:
        if is_running:
            return NextStep(say("site.desk.step.nothing"))
        return NextStep(say("site.desk.step.start"), "/service")
    code = found.approval.code
    if code == "data.cohort.does_not_fit":
        return NextStep(say("site.desk.step.check"), "/check")
    if code.endswith(".paused"):
        return NextStep(say("site.desk.step.resume"), "/service")
    if code.startswith("protocol.approval."):
        return NextStep(say("site.desk.step.review"), "/review")
    return NextStep(found.next or say("site.desk.step.look"))


PAGES = (DeskPage("/", _show),)
