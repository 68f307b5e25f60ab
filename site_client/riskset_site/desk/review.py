"""What the committee reads before it approves: the page of `riskset site review`."""

from __future__ import annotations

from starlette.responses import Response

from riskset.joining.expiry import today_utc
from riskset.language import spoken
from riskset_site.consent.review import review
from riskset_site.consent.review_page import review_page
from riskset_site.consent.signed_facts import data_facts
from riskset_site.desk.site_desk import DeskPage, Visit
from riskset_site.study_folder import load_study_folder


async def _show(visit: Visit) -> Response:
    language = spoken()
    folder = await visit.work(lambda: load_study_folder(visit.seat.site_file))
    found = await visit.work(lambda: review(folder, today_utc(), language))
    visit.seat.reviewed = data_facts(folder)
    return visit.page("review", page=review_page(found))


PAGES = (DeskPage("/review", _show),)
