"""The first page: where the site stands, and what to do next, as `riskset site status` says it."""

from __future__ import annotations

from starlette.responses import Response

from riskset_site.desk.site_desk import DeskPage, Visit
from riskset_site.network.folder_watch import process_of
from riskset_site.site_status import SiteStatus, site_status, status_page


async def _show(visit: Visit) -> Response:
    found = await visit.work(lambda: site_status(visit.seat.site_file))
    process = process_of(visit.seat.paths.lock)
    leads = leads_to(found, is_running=process is not None)
    return visit.page("overview", page=status_page(found), found=found, process=process, leads=leads)


def leads_to(found: SiteStatus, *, is_running: bool) -> str:
    """Returns the path of the page on which the next thing is done; empty where nothing is to do."""
    if not found.has_joined:
        return "/check"
    if found.is_approved:
        return "" if is_running else "/service"
    code = found.approval.code
    if code.startswith("data."):
        return "/check"
    return "/service" if code.endswith(".paused") else "/review"


PAGES = (DeskPage("/", _show),)
