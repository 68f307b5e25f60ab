"""`riskset site keys`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskset_site.config import load_site_file
from riskset_site.identity import SiteFolder, make_keys


def keys(
    site_file: Annotated[Path, typer.Argument(metavar="SITE.TOML", help="The hospital's site file.")],
) -> None:
    """Make this site's keys beside its site file, and the small request to send to the coordinator.

    The keys stay here; the request holds their public halves. Existing keys are never replaced.

    Example: riskset site keys site.toml
    """
    site = load_site_file(site_file, needs_export=False).site
    request = make_keys(SiteFolder(site_file.parent), site)
    typer.echo(f"made the keys of {site}; send {request} to the coordinator")
