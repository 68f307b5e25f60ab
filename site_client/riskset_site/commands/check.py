"""`riskset site check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset.joining.expiry import today_utc
from riskset.language import OwnLanguage, spoken
from riskset.study.load import load_study
from riskset.terminal import tell, tell_drawn
from riskset_site.commands import SiteToml, speak_at
from riskset_site.data.check import check_site
from riskset_site.data.check_page import check_page
from riskset_site.pages.output import facts_json, plain


def check(
    site_file: SiteToml,
    study: Annotated[Path, typer.Option(metavar="STUDY.TOML")],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    language: OwnLanguage = None,
) -> None:
    """Prints the check of a site's data; exit 3 where they do not fit."""
    speak_at(site_file, study)
    found = check_site(site_file, load_study(study), today_utc())
    if as_json:
        tell(facts_json({"fits": found.fits, **plain(found)}), nl=False)
    else:
        tell_drawn(check_page(found, spoken()))
    raise typer.Exit(0 if found.fits else 3)
