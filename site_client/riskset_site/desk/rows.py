"""The rows of one problem, as the export writes them."""

from __future__ import annotations

from starlette.responses import Response

from riskset.desk.forms import whole_number
from riskset.study.load import load_study
from riskset_site.data.faults import MOST_ROWS
from riskset_site.data.rows_shown import shown_rows
from riskset_site.desk.site_desk import DeskPage, Visit


async def _show(visit: Visit) -> Response:
    """Whoever comes without a form, as by the address alone, chooses a problem first."""
    return visit.desk.to("/check")


async def _act(visit: Visit) -> Response:
    form, seat = visit.form, visit.seat
    numbers = [number for word in form.text("rows").split() if (number := whole_number(word)) is not None]
    column = form.text("column")
    found = await visit.work(lambda: shown_rows(seat.site_file, load_study(seat.paths.study), numbers, column))
    is_cut = len(numbers) >= MOST_ROWS
    return visit.page("rows", found=found, problem=form.text("problem"), column=column, is_cut=is_cut)


PAGES = (DeskPage("/check/rows", _show, _act, needs_keys=False),)
