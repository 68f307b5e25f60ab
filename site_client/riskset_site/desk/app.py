"""All pages of the desk."""

from __future__ import annotations

from pathlib import Path

from riskset_site.desk import approve, check, explain, join, ledger, map_page, overview, review, rows, service, unlock
from riskset_site.desk.seat import SiteSeat
from riskset_site.desk.site_desk import SiteDesk

PAGES = (
    *overview.PAGES,
    *map_page.PAGES,
    *check.PAGES,
    *rows.PAGES,
    *explain.PAGES,
    *join.PAGES,
    *review.PAGES,
    *approve.PAGES,
    *service.PAGES,
    *ledger.PAGES,
    *unlock.PAGES,
)


def desk_of(site_file: Path, port: int) -> SiteDesk:
    """Returns the desk of the site whose site file this is, on a port of this machine."""
    return SiteDesk(SiteSeat(site_file), port, shown=PAGES)
