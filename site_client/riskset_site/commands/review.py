"""`riskset site review`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.joining.expiry import today_utc
from riskset_site.commands.approve import RosterFile, SiteToml, StudyFile
from riskset_site.consent.review import review as review_of
from riskset_site.consent.review_page import review_page
from riskset_site.pages.output import facts_json, write_page
from riskset_site.papers import load_papers


def review(
    site_file: SiteToml,
    as_json: Annotated[bool, typer.Option("--json", help="The same facts for a program, every number too.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the page, every number too, to this file.")] = None,
    study: StudyFile = None,
    roster: RosterFile = None,
) -> None:
    """Show what the study asks of this site, of whom, who else takes part, and exactly which numbers would leave,
    worked out on this site's own data, with what every rule says. Nothing is sent and nothing is written but FILE.

    Example: riskset site review site.toml --html review.html
    """
    found = review_of(load_papers(site_file, study, roster), today_utc())
    write_page(review_page(found), html, facts_json(found) if as_json else None)
