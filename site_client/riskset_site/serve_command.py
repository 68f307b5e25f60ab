"""`riskset site serve`."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from threading import Event
from typing import Annotated

import typer

from riskset.errors import DataError
from riskset.protocol.joining import load_connection
from riskset.protocol.offered import check_offered
from riskset.protocol.roster import load_roster
from riskset.protocol.site import Site
from riskset.secure.keys import public_hex
from riskset.study.load import load_study, study_hash
from riskset_site.cohort import load_cohort
from riskset_site.daemon import serve as serve_site
from riskset_site.identity import Identity, SiteFolder, load_keys, snapshot_of
from riskset_site.journal import JournalFile


def serve(
    site_file: Annotated[Path, typer.Argument(metavar="SITE.TOML", help="The hospital's site file.")],
    study_file: Annotated[
        Path | None, typer.Option("--study", help="Default: study.toml beside the site file.", show_default=False)
    ] = None,
    roster_file: Annotated[
        Path | None, typer.Option("--roster", help="Default: roster.json beside the site file.", show_default=False)
    ] = None,
    connection_file: Annotated[
        Path | None, typer.Option("--connection", help="Default: connection.json beside it.", show_default=False)
    ] = None,
) -> None:
    """Take part in the study until stopped (Ctrl-C or SIGTERM): wait for the coordinator's questions and answer them.

    Opens no port. The data are read once, at the start; a run that is under way goes on where it stood.

    Example: riskset site serve site.toml
    """
    folder = SiteFolder(site_file.parent)
    connection = load_connection(connection_file or folder.connection)
    identity = load_keys(folder)
    site = _site(site_file, study_file or folder.study, roster_file or folder.roster, folder, identity)
    stop = Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())

    from riskset_site.link import FleetLink  # Flower takes a second to import; a mistake above is told before that

    tell(f"{site.name} serves {connection.address}")
    with FleetLink(connection.address, connection.authority.encode(), identity.node) as link:
        serve_site(site, link, stop, tell)
    tell("stopped")


def tell(line: str) -> None:
    typer.echo(f"{time.strftime('%H:%M:%S')} {line}", err=True)


def _site(site_file: Path, study_file: Path, roster_file: Path, folder: SiteFolder, identity: Identity) -> Site:
    """Returns the site with its data, after checking that its files belong together."""
    study = load_study(study_file)
    check_offered(study)
    roster = load_roster(roster_file)
    cohort = load_cohort(site_file, study)
    roster.check_belongs_to(study)
    entered = roster.sites.get(cohort.site)
    if entered is None or public_hex(entered) != public_hex(identity.signing):
        raise DataError(
            f"the roster does not hold {cohort.site} with this site's key", "send the coordinator the request again"
        )
    tell(f"study {study.id} {study.version} ({study_hash(study)[:12]})")
    for endpoint, rows in cohort.analysis_sets.items():
        tell(f"{endpoint}: {rows.n} rows, {int(rows.event.sum())} events")
    snapshot = snapshot_of(cohort, identity.signing)
    journal, least = JournalFile(folder.journal, identity.signing, cohort.site), study.disclosure.min_sites
    tell(
        "this version applies no disclosure rules but min_sites; the coordinator and the sites see this site's own sums"
    )
    return Site(cohort.site, identity.signing, study, roster, cohort, snapshot, journal, least)
