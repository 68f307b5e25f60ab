"""From a site file and a study to the page: the same reading as the check's, and nothing written or sent."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from riskset.study.spec import Study
from riskset_site.data.check import checked
from riskset_site.data.cohort import prepare
from riskset_site.data.config import load_site_file
from riskset_site.explore.page import exploration_page
from riskset_site.explore.rows import looked_at
from riskset_site.pages import Page


def explored(site_file: Path, study: Study, today: date, language: str) -> Page:
    """Returns the page of a site's own data.

    Raises DataError where there is nothing to look at: the site file is invalid, or the export is no table.
    """
    site = load_site_file(site_file, study)
    prepared = prepare(site, study, today)
    return exploration_page(looked_at(prepared, site, study), checked(prepared, site, study), language)
