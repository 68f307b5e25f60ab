"""How a run goes, for the person who waits: a row a site in a terminal, a line a round elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from rich.console import Console
from rich.live import Live
from rich.table import Table

from riskset.protocol.coordinator import Coordinator

SAY_WAITING_AFTER_S = 10.0
"""Where there is no terminal: how long a round waits before it is said for whom, and how often then."""

NO_APPROVAL = "no approval"


class Lines:
    """A line a round, and one when something is waited for."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said_at = time.monotonic()

    def waiting(self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]) -> None:
        if time.monotonic() - self._said_at < SAY_WAITING_AFTER_S:
            return
        self._said_at = time.monotonic()
        reached = dict.fromkeys(online, "online") | dict.fromkeys(unwilling, NO_APPROVAL)
        sites = [f"{site} ({reached.get(site, 'away')})" for site in coordinator.waiting_for]
        self._console.print(f"round {coordinator.round}: waiting for {', '.join(sites)}", highlight=False)

    def answered(self, site: str, round_: int, seconds: float) -> None:
        self._said_at = time.monotonic()

    def round_done(self, round_: int, seconds: float, sites: int) -> None:
        self._said_at = time.monotonic()
        self._console.print(f"round {round_}: {sites} sites in {seconds:.2f} s", highlight=False)

    def trouble(self, message: str) -> None:
        self._console.print(f"  {message}", highlight=False, markup=False, style="yellow")


class SiteRows:
    """A table that stays in place, a row a site: online since when, last round answered, seconds it took."""

    def __init__(self, live: Live, sites: tuple[str, ...]) -> None:
        self._live = live
        self._rows = dict.fromkeys(sites, ("-", "-"))
        self._seen = dict.fromkeys(sites, "never")
        self._drawn_at = 0.0
        self._title = ""

    def waiting(self, coordinator: Coordinator, online: AbstractSet[str], unwilling: AbstractSet[str]) -> None:
        for site in online & self._seen.keys():
            self._seen[site] = time.strftime("%H:%M:%S")
        left = coordinator.analyses_left
        self._title = f"round {coordinator.round}: " + (f"{len(left)} analyses" if left else "opening")
        if time.monotonic() - self._drawn_at > 0.2:
            self._draw(dict.fromkeys(coordinator.waiting_for, "waiting") | dict.fromkeys(unwilling, NO_APPROVAL))

    def answered(self, site: str, round_: int, seconds: float) -> None:
        self._rows[site] = (str(round_), f"{seconds:.2f}")

    def round_done(self, round_: int, seconds: float, sites: int) -> None:
        self._draw({})
        self._live.console.print(f"round {round_}: {sites} sites in {seconds:.2f} s", highlight=False)

    def trouble(self, message: str) -> None:
        self._live.console.print(f"  {message}", highlight=False, markup=False, style="yellow")

    def _draw(self, missing: Mapping[str, str]) -> None:
        """`missing` tells of each site without an answer why there is none."""
        self._drawn_at = time.monotonic()
        table = Table(title=self._title, title_justify="left", box=None, pad_edge=False)
        for heading in ("site", "last seen", "round", "seconds", ""):
            table.add_column(heading)
        for site, (round_, seconds) in self._rows.items():
            table.add_row(site, self._seen[site], round_, seconds, missing.get(site, "answered"))
        self._live.update(table)
