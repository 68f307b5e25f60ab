"""Whether the data fit the study: the tables of `riskset site check`, and each problem with its rows and values."""

from __future__ import annotations

from starlette.responses import Response

from riskset.joining.expiry import today_utc
from riskset.study.load import load_study
from riskset_site.data.check import SiteCheck, check_site
from riskset_site.data.check_page import check_remarks, check_tables, rows_read
from riskset_site.desk.seat import SiteSeat
from riskset_site.desk.site_desk import DeskPage, Visit


async def _show(visit: Visit) -> Response:
    found = await visit.work(lambda: _checked(visit))
    read = {"read": rows_read(found), "tables": check_tables(found), "remarks": check_remarks(found)}
    return visit.page("check", check=found, explore=_explore(visit.seat), **read)


def _explore(seat: SiteSeat) -> str:
    """Returns the command that draws the data, as it is typed in a terminal."""
    folder = seat.paths.root.absolute()
    files = (folder / seat.site_file.name, seat.paths.study.absolute(), folder / "explore.html")
    site, study, page = (f'"{one}"' for one in files)
    return f"riskset site explore {site} --study {study} --html {page}"


def _checked(visit: Visit) -> SiteCheck:
    return check_site(visit.seat.site_file, load_study(visit.seat.paths.study), today_utc())


PAGES = (DeskPage("/check", _show, needs_keys=False),)
