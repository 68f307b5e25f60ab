"""`riskset site check`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from riskset.study.load import load_study
from riskset_site.commands.approve import SiteToml
from riskset_site.data.check import SiteCheck, check_site
from riskset_site.data.check_page import check_page


def check(
    site_file: SiteToml,
    study: Annotated[Path, typer.Option(metavar="STUDY.TOML", help="The study to check against.")],
    as_json: Annotated[bool, typer.Option("--json", help="The same facts for a program.")] = False,
) -> None:
    """Tell whether this hospital's data fit the study, with row numbers. Reads only; nothing is sent.

    Exit 0: they fit. 1: the check could not begin. 3: they do not fit.

    Example: riskset site check site.toml --study study.toml
    """
    found = check_site(site_file, load_study(study))
    typer.echo(_as_json(found) if as_json else check_page(found), nl=False)
    raise typer.Exit(0 if found.fits else 3)


def _as_json(check: SiteCheck) -> str:
    return json.dumps({"schema": 1, "fits": check.fits, **asdict(check)}, indent=1) + "\n"
