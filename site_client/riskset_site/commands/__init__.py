"""The hospital's commands, and the arguments that several of them take. Each reads its arguments, does one thing and
prints what it did."""

from pathlib import Path
from typing import Annotated

import typer

from riskset.language import speak
from riskset_site.keys import SitePaths

SiteToml = Annotated[Path, typer.Argument(metavar="SITE.TOML")]
StudyFile = Annotated[Path | None, typer.Option("--study", show_default=False)]
RosterFile = Annotated[Path | None, typer.Option("--roster", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json")]
HtmlFile = Annotated[Path | None, typer.Option("--html")]


def speak_at(site_file: Path, study_file: Path | None = None) -> None:
    """Speaks the site file's language, else the study's, where the command names none."""
    speak(site_file, study_file or SitePaths(site_file.parent).study)
