"""`riskset site status`."""

from __future__ import annotations

from riskset.language import OwnLanguage
from riskset_site.commands import AsJson, RosterFile, SiteToml, StudyFile, speak_at
from riskset_site.pages.output import facts_json, write_page
from riskset_site.site_status import site_status, status_page


def status(
    site_file: SiteToml,
    as_json: AsJson = False,
    study: StudyFile = None,
    roster: RosterFile = None,
    language: OwnLanguage = None,
) -> None:
    """Prints where the site stands; the whole ledger is verified first."""
    speak_at(site_file, study)
    found = site_status(site_file, study, roster)
    write_page(status_page(found), None, facts_json(found) if as_json else None)
