"""What a problem, a warning or a refusal means: the page of `riskset explain`, by its code."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import Response

from riskset.error_pages import page_of
from riskset.error_pages.markdown import headings
from riskset.language import spoken
from riskset_site.desk.site_desk import DeskPage, Visit


async def _show(visit: Visit) -> Response:
    found = page_of(visit.request.path_params["code"], spoken())
    if found is None:
        raise HTTPException(404)
    return visit.page("explain", found=found, headings=headings())


PAGES = (DeskPage("/explain/{code}", _show, needs_keys=False),)
