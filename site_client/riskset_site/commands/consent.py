"""`riskset site pause`, `resume` and `withdraw`: signed into the ledger, which the running process reads before it
answers its next message."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from riskset_site.commands.approve import SiteToml
from riskset_site.consent.approvals import Approvals
from riskset_site.data.config import load_site_file
from riskset_site.keys.identity import SiteFolder, load_keys
from riskset_site.records.own_ledger import own_ledger

By = Annotated[str, typer.Option(help="Who says so.")]
Reason = Annotated[str, typer.Option(help="Why, in one sentence.")]


def pause(site_file: SiteToml, by: By, reason: Reason) -> None:
    """Answer nothing from now on, until `resume`. A run under way waits.

    Example: riskset site pause site.toml --by "M. Uchida" --reason "a new export comes"
    """
    _act(site_file, lambda approvals: approvals.pause(by, reason))
    typer.echo("paused: nothing is answered until riskset site resume")


def resume(site_file: SiteToml, by: By, reason: Reason = "") -> None:
    """Answer again, under the approval that holds.

    Example: riskset site resume site.toml --by "M. Uchida"
    """
    _act(site_file, lambda approvals: approvals.resume(by, reason))
    typer.echo("resumed: messages are answered again")


def withdraw(site_file: SiteToml, by: By, reason: Reason) -> None:
    """End the approval for good: nothing more is answered. What has been sent stays in the totals it went into.

    Example: riskset site withdraw site.toml --by "M. Uchida" --reason "the committee ended its approval"
    """
    _act(site_file, lambda approvals: approvals.withdraw(by, reason))
    typer.echo("withdrawn: nothing more is answered; sums already sent cannot be called back")


def _act(site_file: Path, act: Callable[[Approvals], object]) -> None:
    """Neither study nor data are read: stopping must not wait for a file to be mended."""
    site = load_site_file(site_file, needs_export=False).site
    folder = SiteFolder(site_file.parent)
    identity = load_keys(folder)
    with closing(own_ledger(folder, identity, site)) as ledger:
        act(Approvals(ledger, identity))
