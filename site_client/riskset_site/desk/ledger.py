"""The ledger: acts and runs at once, every number that was sent only after asking."""

from __future__ import annotations

from starlette.responses import Response

from riskset_site.desk.site_desk import DeskPage, Visit
from riskset_site.records.ledger_page import ledger_page, ledger_summary
from riskset_site.records.site_ledger import site_ledger


async def _show(visit: Visit) -> Response:
    found = await visit.work(lambda: site_ledger(visit.seat.site_file))
    return visit.page("ledger", page=ledger_summary(found), is_whole=False, held="")


async def _act(visit: Visit) -> Response:
    """Shows the numbers, or compares a checkpoint that was noted earlier."""
    held = visit.form.line("held")
    found = await visit.work(lambda: site_ledger(visit.seat.site_file, held))
    is_whole = visit.form.is_ticked("numbers")
    page = ledger_page(found) if is_whole else ledger_summary(found)
    return visit.page("ledger", page=page, is_whole=is_whole, held=held)


PAGES = (DeskPage("/ledger", _show, _act),)
