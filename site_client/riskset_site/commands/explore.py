"""`riskset site explore`."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from riskset.catalogue import say
from riskset.errors import DataError, RisksetError
from riskset.joining.expiry import today_utc
from riskset.language import OwnLanguage, spoken
from riskset.study.load import load_study
from riskset_site.commands import SiteToml, speak_at
from riskset_site.keys import SitePaths
from riskset_site.pages.output import write_page

_NEEDS = ("lifelines", "pandas", "matplotlib")
_PAGES = (".html", ".htm")


def explore(
    site_file: SiteToml,
    study: Annotated[Path, typer.Option(metavar="STUDY.TOML")],
    html: Annotated[Path, typer.Option(metavar="PAGE.HTML")],
    language: OwnLanguage = None,
) -> None:
    """Writes the page of a site's own data. Raises DataError where it would replace something else."""
    speak_at(site_file, study)
    _check_installed()
    _check_target(html, SitePaths(site_file.parent))
    from riskset_site.explore.exploration import explored  # it draws: only who looks at data loads that

    write_page(explored(site_file, load_study(study), today_utc(), spoken()), html, None)


def _check_installed() -> None:
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        needs = say("cli.not_installed", command="site explore", module=missing[0])
        raise RisksetError(needs, say("cli.install_extra", extra="explore"))


def _check_target(html: Path, paths: SitePaths) -> None:
    """Raises DataError where the file would replace something else than a page, or lie among the keys."""
    if html.suffix.lower() not in _PAGES:
        raise DataError(say("explore.not_a_page", file=str(html)), say("explore.not_a_page_hint"))
    if paths.keys[0].resolve() in html.resolve().parents:
        raise DataError(say("explore.among_keys", file=str(html)), say("explore.among_keys_hint"))
