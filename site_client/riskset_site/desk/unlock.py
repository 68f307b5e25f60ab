"""The passphrase of the site's keys, asked for once."""

from __future__ import annotations

from starlette.responses import Response

from riskset_site.desk.site_desk import DeskPage, Visit


async def _show(visit: Visit) -> Response:
    return visit.page("unlock")


async def _act(visit: Visit) -> Response:
    passphrase = visit.form.text("passphrase")
    await visit.work(lambda: visit.seat.unlock(passphrase))
    return visit.desk.to("/")


PAGES = (DeskPage("/unlock", _show, _act, needs_keys=False),)
